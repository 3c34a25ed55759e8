#include "pool/text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "pool/sample.h"
#include "pool/words.h"

namespace winnow {
namespace {

// The code point at `position`, which is moved behind it. Expects valid UTF-8, which the readers
// guarantee; a stray byte is taken for a character of its own.
char32_t next_code_point(std::string_view text, std::size_t& position) {
  const auto lead = static_cast<unsigned char>(text[position++]);
  const int following = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  if (following == 0) return lead;
  char32_t code = lead & (0x3F >> following);
  for (int i = 0; i < following && position < text.size(); ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[position++]) & 0x3F);
  }
  return code;
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

bool is_punctuation(char32_t c) {
  if (c < 0x80) return !std::isalnum(static_cast<int>(c));
  return (c >= 0x2010 && c <= 0x206F) || (c >= 0x3001 && c <= 0x303F) || c == 0x30FB ||
         (c >= 0xFF01 && c <= 0xFF0F) || (c >= 0xFF1A && c <= 0xFF20) ||
         (c >= 0xFF3B && c <= 0xFF40) || (c >= 0xFF5B && c <= 0xFF65);
}

constexpr std::array kCueWords = {
    "after",        "afterwards", "again",     "before",    "began",    "begin",      "beginning",
    "begins",       "change",     "changed",   "changes",   "changing", "direction",  "directions",
    "during",       "earlier",    "end",       "ending",    "ends",     "eventually", "finally",
    "first",        "happen",     "happened",  "happening", "happens",  "initially",  "last",
    "later",        "move",       "moved",     "movement",  "moves",    "moving",     "next",
    "order",        "previously", "sequence",  "speed",     "start",    "started",    "starts",
    "subsequently", "then",       "timestamp", "twice",     "until",    "when",       "while"};
constexpr std::array kCuePhrases = {" how many times ", " how often ",  " how long ",
                                    " in the end ",     " at the end ", " at the beginning "};
constexpr std::array kChineseCues = {"之前", "之后", "以前", "以后", "首先", "最先", "最后",
                                     "然后", "接着", "随后", "顺序", "次序", "方向", "移动",
                                     "运动", "几次", "时候", "期间", "开始", "结束", "变化"};

// The question's ASCII words, lower-cased, each between two spaces.
std::string words_between_spaces(std::string_view text) {
  std::string result = " ";
  for (std::size_t position = 0; position < text.size();) {
    const char32_t c = next_code_point(text, position);
    if (c < 0x80 && std::isalnum(static_cast<int>(c))) {
      result += static_cast<char>(std::tolower(static_cast<int>(c)));
    } else if (c >= 0x80 && !is_punctuation(c) && !is_space(c) && !is_unspaced_letter(c)) {
      result += '#';  // a letter of another script: "déjà" must not yield the word "d"
    } else if (result.back() != ' ') {
      result += ' ';
    }
  }
  if (result.back() != ' ') result += ' ';
  return result;
}

bool has_clock_time(std::string_view text) {
  const auto digit = [&](std::size_t i) {
    return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i]));
  };
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    if (colon == 0 || !digit(colon - 1) || !digit(colon + 1) || !digit(colon + 2)) continue;
    if (digit(colon + 3) || text[colon + 1] > '5') continue;  // a ratio, not minutes or seconds
    return true;
  }
  return false;
}

}  // namespace

std::string without_placeholders(std::string_view text) {
  const std::string_view mark = kMediaPlaceholder;
  std::string result;
  std::size_t done = 0;
  for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, done)) {
    result += text.substr(done, at - done);
    result += ' ';
    done = at + mark.size();
  }
  return result += text.substr(done);
}

std::int64_t count_words(std::string_view text) {
  const std::string plain = without_placeholders(text);
  std::int64_t words = 0;
  bool in_word = false;
  for (std::size_t position = 0; position < plain.size();) {
    const char32_t c = next_code_point(plain, position);
    if (is_mark(c)) continue;
    if (is_unspaced_letter(c)) {
      ++words;
      in_word = false;
    } else if (is_space(c)) {
      in_word = false;
    } else if (!in_word && !is_punctuation(c)) {
      ++words;
      in_word = true;
    }
  }
  return words;
}

std::string question_type(std::string_view question) {
  const std::string plain = without_placeholders(question);
  const std::string words = words_between_spaces(plain);
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  const bool temporal =
      std::any_of(kCueWords.begin(), kCueWords.end(),
                  [&](const char* word) { return has(words, " " + std::string(word) + " "); }) ||
      std::any_of(kCuePhrases.begin(), kCuePhrases.end(),
                  [&](const char* phrase) { return has(words, phrase); }) ||
      std::any_of(kChineseCues.begin(), kChineseCues.end(),
                  [&](const char* cue) { return has(plain, cue); }) ||
      has_clock_time(plain);
  return temporal ? "temporal" : "static";
}

}  // namespace winnow
