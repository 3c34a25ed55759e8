#include <algorithm>
#include <array>
#include <boost/algorithm/string.hpp>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "benchmarks/final_answer.h"

namespace winnow {
namespace {

using boost::algorithm::replace_all;
using boost::algorithm::to_lower_copy;
using boost::algorithm::trim_copy;

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// The place of the brace that closes the one at `open`; npos without one.
std::size_t closing_brace(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

// The inside where the whole text is wrapped: **x**, $x$, \boxed{x}, "x", (x), ...
std::optional<std::string> unwrapped(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kPairs = {{
      {"**", "**"},
      {"__", "__"},
      {"$$", "$$"},
      {"\\(", "\\)"},
      {"\\[", "\\]"},
      {"\xE2\x80\x9C", "\xE2\x80\x9D"},
      {"*", "*"},
      {"_", "_"},
      {"`", "`"},
      {"$", "$"},
      {"\"", "\""},
      {"'", "'"},
      {"(", ")"},
      {"[", "]"},
  }};
  for (const auto& [open, close] : kPairs) {
    if (text.size() <= open.size() + close.size()) continue;
    if (!text.starts_with(open) || !text.ends_with(close)) continue;
    const std::string inside = text.substr(open.size(), text.size() - open.size() - close.size());
    // "(1, 2) and (3, 4)" and "$a$ or $b$" are not wrapped as a whole.
    if (inside.find(open) != std::string::npos || inside.find(close) != std::string::npos) continue;
    return inside;
  }
  for (const std::string_view command :
       {"\\boxed", "\\fbox", "\\text", "\\textbf", "\\mathrm", "\\mathbf", "\\mbox"}) {
    if (!text.starts_with(command) || text.size() <= command.size()) continue;
    if (text[command.size()] != '{' || closing_brace(text, command.size()) + 1 != text.size()) {
      continue;
    }
    return text.substr(command.size() + 1, text.size() - command.size() - 2);
  }
  return std::nullopt;
}

// Without what surrounds an answer: wrappers, blanks, punctuation.
std::string bare(const std::string& text) {
  std::string result = trim_copy(text);
  for (bool again = true; again && !result.empty();) {
    again = false;
    const std::string before = result;
    while (!result.empty() && std::string_view(".,;:!").find(result.back()) != std::string::npos) {
      result.pop_back();
    }
    while (result.starts_with(':')) result.erase(0, 1);
    result = trim_copy(result);
    if (const auto inside = unwrapped(result)) result = trim_copy(*inside);
    again = result != before;
  }
  return result;
}

// Up to the first full stop that ends a sentence.
std::string first_sentence(const std::string& text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if ((text[i] == '.' || text[i] == ';' || text[i] == '!') && is_blank(text[i + 1])) {
      return text.substr(0, i);
    }
  }
  return text;
}

// How many characters at the beginning are a number in digits: -1,234.5
std::size_t number_length(std::string_view text) {
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const std::size_t digits = i;
  while (i < text.size()) {
    const bool separator = text[i] == ',' && i > digits && i + 3 < text.size() &&
                           is_digit(text[i + 1]) && is_digit(text[i + 2]) &&
                           is_digit(text[i + 3]) &&
                           (i + 4 == text.size() || !is_digit(text[i + 4]));
    if (!is_digit(text[i]) && !separator) break;
    ++i;
  }
  if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) {
    ++i;
    while (i < text.size() && is_digit(text[i])) ++i;
  }
  return i > digits ? i : 0;
}

std::optional<double> plain_number(std::string text) {
  if (text.empty() || number_length(text) != text.size()) return std::nullopt;
  std::erase(text, ',');
  return std::strtod(text.c_str(), nullptr);
}

// A number in digits, a/b, \frac{a}{b}; nothing for any other text.
std::optional<double> number_of(const std::string& text) {
  if (const auto number = plain_number(text)) return number;
  const auto ratio = [](const std::string& top,
                        const std::string& bottom) -> std::optional<double> {
    const auto above = plain_number(top), below = plain_number(bottom);
    if (!above || !below || *below == 0.0) return std::nullopt;
    return *above / *below;
  };
  const bool negative = text.starts_with('-');
  const std::string rest = negative ? text.substr(1) : text;
  constexpr std::string_view kFraction = "\\frac{";
  if (rest.starts_with(kFraction)) {
    const std::size_t open = kFraction.size() - 1, close = closing_brace(rest, open);
    if (close == std::string::npos || close + 1 >= rest.size() || rest[close + 1] != '{' ||
        closing_brace(rest, close + 1) + 1 != rest.size()) {
      return std::nullopt;
    }
    const auto value = ratio(rest.substr(open + 1, close - open - 1),
                             rest.substr(close + 2, rest.size() - close - 3));
    return value && negative ? -*value : value;
  }
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  return ratio(trim_copy(text.substr(0, slash)), trim_copy(text.substr(slash + 1)));
}

// One way to write what can be written in several.
std::string plain(const std::string& text) {
  std::string result = bare(text);
  for (const auto& [what, by] : std::array<std::pair<std::string_view, std::string_view>, 13>{{
           {"\\dfrac", "\\frac"},
           {"\\tfrac", "\\frac"},
           {"\\left", ""},
           {"\\right", ""},
           {"\\,", ""},
           {"\\;", ""},
           {"\\!", ""},
           {"\\%", "%"},
           {"\\$", "$"},
           {"^{\\circ}", ""},
           {"^\\circ", ""},
           {"\xC2\xB0", ""},       // degree sign
           {"\xE2\x88\x92", "-"},  // minus sign
       }}) {
    replace_all(result, what, by);
  }
  result = to_lower_copy(bare(result));
  if (result.size() > 1 && result.back() == '%')
    result = trim_copy(result.substr(0, result.size() - 1));
  if (result.size() > 1 && result.front() == '$') result = trim_copy(result.substr(1));
  std::string spaced;  // every run of blanks is one
  for (const char c : result) {
    if (!is_blank(c)) {
      spaced += c;
    } else if (!spaced.ends_with(' ')) {
      spaced += ' ';
    }
  }
  return spaced;
}

// The inside of the last \boxed{...} or <answer>...</answer>; nothing without one.
std::optional<std::string> marked_off(const std::string& text) {
  constexpr std::string_view kBoxed = "\\boxed", kOpen = "<answer>", kClose = "</answer>";
  const std::size_t boxed = text.rfind(kBoxed);
  if (boxed != std::string::npos && boxed + kBoxed.size() < text.size() &&
      text[boxed + kBoxed.size()] == '{') {
    const std::size_t open = boxed + kBoxed.size(), close = closing_brace(text, open);
    if (close != std::string::npos) return text.substr(open + 1, close - open - 1);
  }
  const std::size_t open = text.rfind(kOpen);
  if (open == std::string::npos) return std::nullopt;
  const std::size_t inside = open + kOpen.size(), close = text.find(kClose, inside);
  if (close == std::string::npos) return std::nullopt;
  return text.substr(inside, close - inside);
}

std::string last_line(const std::string& text) {
  const std::string whole = trim_copy(text);
  const std::size_t line_break = whole.rfind('\n');
  return line_break == std::string::npos ? whole : whole.substr(line_break + 1);
}

}  // namespace

std::string final_answer(const std::string& text, const std::string& marker) {
  const std::size_t found = text.rfind(marker);
  std::string answer = found == std::string::npos ? text : text.substr(found + marker.size());
  answer = answer.substr(0, answer.find('\n'));
  const auto kept = [](unsigned char c) { return c != ' ' && c != '.' && c != ':' && c != '\t'; };
  const auto first = std::find_if(answer.begin(), answer.end(), kept);
  const auto last = std::find_if(answer.rbegin(), answer.rend(), kept).base();
  return first < last ? std::string(first, last) : std::string();
}

std::vector<std::string> answer_readings(const std::string& text, const std::string& marker) {
  std::string answer;
  const std::size_t found = to_lower_copy(text).rfind(to_lower_copy(marker));
  if (!marker.empty() && found != std::string::npos) {
    std::size_t begin = found + marker.size();
    while (begin < text.size() && (is_blank(text[begin]) || text[begin] == ':')) ++begin;
    answer = text.substr(begin, text.find('\n', begin) - begin);
  } else if (const auto inside = marked_off(text)) {
    answer = *inside;
  } else {
    answer = last_line(text);
  }
  std::vector<std::string> readings = {bare(answer)};
  const auto add = [&](const std::string& reading) {
    if (reading.empty()) return;
    if (std::find(readings.begin(), readings.end(), reading) == readings.end()) {
      readings.push_back(reading);
    }
  };
  const std::string sentence = bare(first_sentence(trim_copy(answer)));
  add(sentence);
  if (const std::size_t equals = sentence.rfind('='); equals != std::string::npos) {
    add(bare(sentence.substr(equals + 1)));
  }
  // "3 circles", but neither "3 1/2" nor "3 - 1".
  const std::string quantity = plain(sentence);
  const std::size_t length = number_length(quantity);
  const std::size_t unit = std::min(quantity.find_first_not_of(' ', length), quantity.size());
  if (length > 0 && unit > length && unit < quantity.size()) {
    const auto byte = static_cast<unsigned char>(quantity[unit]);
    if (std::isalpha(byte) != 0 || byte >= 0x80 || byte == '\\') add(quantity.substr(0, length));
  }
  return readings;
}

bool same_answer(const std::string& left, const std::string& right) {
  const std::string one = plain(left), other = plain(right);
  if (one.empty() || other.empty()) return false;
  if (one == other) return true;
  const auto first = number_of(one), second = number_of(other);
  if (!first || !second) return false;
  return std::abs(*first - *second) <= 1e-9 * std::max(std::abs(*first), std::abs(*second));
}

}  // namespace winnow
