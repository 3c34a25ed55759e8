#include "benchmarks/option_letters.h"

#include <algorithm>
#include <array>
#include <boost/algorithm/string.hpp>
#include <cctype>
#include <optional>
#include <set>

#include "benchmarks/question.h"

namespace winnow {
namespace {

using boost::algorithm::replace_all;
using boost::algorithm::to_lower_copy;
using boost::algorithm::trim_copy;

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
// Bytes of other scripts are taken as letters.
bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || byte >= 0x80;
}

// "B. text": its letter, where the text behind is one line.
std::optional<char> leading_option(const std::string& text) {
  if (text.size() < 3 || text[1] != '.') return std::nullopt;
  const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  if (letter < 'A' || letter > 'E') return std::nullopt;
  std::size_t behind = 2;
  while (behind < text.size() && is_blank(text[behind])) ++behind;
  if (behind == text.size() || text.find('\n', behind) != std::string::npos) return std::nullopt;
  return letter;
}

// Deletes or blanks out punctuation; the original decides which for every sign.
std::string without_punctuation(const std::string& text) {
  bool digit_comma_digit = false;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    digit_comma_digit |= text[i] == ',' && is_digit(text[i - 1]) && is_digit(text[i + 1]);
  }
  std::string result = text;
  for (const char sign : std::string_view(";/[]\"{}()=+\\_-><@`,?!")) {
    const std::string before = {sign, ' '}, behind = {' ', sign};
    const bool apart =
        text.find(before) != std::string::npos || text.find(behind) != std::string::npos;
    replace_all(result, std::string(1, sign), apart || digit_comma_digit ? "" : " ");
  }
  // At most 32 full stops go, as in the original, where a flag stands in the place of a count.
  std::string without;
  int removed = 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const bool number = i + 1 < result.size() && is_digit(result[i + 1]);
    if (result[i] == '.' && !number && removed < 32) {
      ++removed;
    } else {
      without += result[i];
    }
  }
  return without;
}

// The letter behind the last "answer is", with whatever emphasis around it.
std::string letter_behind_answer_is(const std::string& text, std::size_t letters) {
  constexpr std::string_view kWords = "answer is";
  const std::size_t found = to_lower_copy(text).rfind(kWords);
  if (found == std::string::npos) return "";
  std::size_t i = found + kWords.size();
  while (i < text.size() && std::string_view(" \t\n:*(").find(text[i]) != std::string_view::npos)
    ++i;
  if (i == text.size() || (i + 1 < text.size() && is_word(text[i + 1]))) return "";
  const char letter = text[i];
  return letter >= 'A' && letter < static_cast<char>('A' + letters) ? std::string(1, letter) : "";
}

}  // namespace

std::string unwrapped_answer(const std::string& text) {
  constexpr std::string_view kOpen = "<answer>", kClose = "</answer>", kBoxed = "\\boxed{";
  if (const std::size_t open = text.find(kOpen); open != std::string::npos) {
    const std::size_t inside = open + kOpen.size(), close = text.find(kClose, inside);
    if (close != std::string::npos) return trim_copy(text.substr(inside, close - inside));
  }
  if (const std::size_t boxed = text.find(kBoxed); boxed != std::string::npos) {
    const std::size_t inside = boxed + kBoxed.size(), close = text.find('}', inside);
    if (close != std::string::npos) return trim_copy(text.substr(inside, close - inside));
  }
  return text;
}

std::string first_letter(const std::string& text) {
  constexpr std::array<std::string_view, 6> kOpenings = {"The best answer is",
                                                         "The correct answer is",
                                                         "The answer is",
                                                         "The answer",
                                                         "The best option isThe correct option is",
                                                         "Best answer:Best option:"};
  std::string rest = trim_copy(text);
  for (const std::string_view opening : kOpenings) replace_all(rest, opening, "");
  const std::size_t found = rest.find_first_of("ABCD");
  return found == std::string::npos ? "" : rest.substr(found, 1);
}

std::string character_before_parenthesis(const std::string& text) {
  const std::string whole = trim_copy(text);
  const std::size_t close = whole.find(')');
  if (close == std::string::npos) return whole;
  std::size_t begin = close;
  while (begin > 0) {
    --begin;  // to the first byte of the character
    if ((static_cast<unsigned char>(whole[begin]) & 0xC0) != 0x80) break;
  }
  return whole.substr(begin, close - begin);
}

std::string standalone_letter(const std::string& text) {
  std::string plain = trim_copy(text);
  if (const auto letter = leading_option(plain)) return std::string(1, *letter);
  std::replace(plain.begin(), plain.end(), '\n', ' ');
  std::replace(plain.begin(), plain.end(), '\t', ' ');
  plain = without_punctuation(trim_copy(plain));
  for (const char end : {'\'', '"', ')', '('})
    plain = boost::algorithm::trim_copy_if(plain, [&](char c) { return c == end; });
  plain = to_lower_copy(trim_copy(plain));
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (plain[i] < 'a' || plain[i] > 'e') continue;
    if (i > 0 && is_word(plain[i - 1])) continue;
    if (i + 1 < plain.size() && is_word(plain[i + 1])) continue;
    return std::string(1, static_cast<char>(std::toupper(static_cast<unsigned char>(plain[i]))));
  }
  return plain;
}

std::string letter_or_text(const std::string& text, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLettersWithoutOptions = 8, kLast = 5;
  const std::size_t letters = candidates.empty() ? kLettersWithoutOptions : candidates.size();
  const auto is_letter = [&](const std::string& word) {
    return word.size() == 1 && word[0] >= 'A' && word[0] < static_cast<char>('A' + letters);
  };
  if (is_letter(trim_copy(text))) return trim_copy(text);
  const std::string whole = to_lower_copy(trim_copy(text));
  std::size_t all_lengths = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (whole == to_lower_copy(trim_copy(candidates[i]))) return letter_of(i);
    all_lengths += candidates[i].size();
  }
  std::string spaced = text;
  for (char& c : spaced) {
    if (std::string_view(".()[],:;!*#{}").find(c) != std::string_view::npos) c = ' ';
  }
  boost::algorithm::trim(spaced);
  std::vector<std::string> words;
  boost::algorithm::split(words, spaced, is_blank, boost::algorithm::token_compress_on);
  std::set<std::string> found;
  bool late = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_letter(words[i])) continue;
    found.insert(words[i]);
    late |= i + kLast >= words.size();
  }
  if (found.size() == 1 && late) return *found.begin();
  if (const std::string letter = letter_behind_answer_is(text, letters); !letter.empty()) {
    return letter;
  }
  if (whole.size() > 2 * all_lengths) return "";
  std::string only;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::string candidate = to_lower_copy(trim_copy(candidates[i]));
    if (candidate.empty() || whole.find(candidate) == std::string::npos) continue;
    if (!only.empty()) return "";
    only = letter_of(i);
  }
  return only;
}

}  // namespace winnow
