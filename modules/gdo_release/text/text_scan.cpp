#include "gdo_release/text/text_scan.h"

#include <array>

namespace winnow::gdo_release {
namespace {

// Words are compared by their first eight letters, then by the whole.
constexpr std::uint64_t letters_of(std::string_view word) {
  std::uint64_t letters = 0;
  for (std::size_t i = 0; i < word.size() && i < 8; ++i) {
    letters |= static_cast<std::uint64_t>(static_cast<unsigned char>(word[i])) << (8 * i);
  }
  return letters;
}

struct Keyword {
  std::string_view word;
  bool temporal = false;
  std::uint64_t letters = 0;
};

constexpr std::array kKeywords = {
    Keyword{"before", true}, Keyword{"after", true},   Keyword{"then", true},
    Keyword{"while", true},  Keyword{"during", true},  Keyword{"first", true},
    Keyword{"next", true},   Keyword{"finally", true}, Keyword{"sequence", true},
    Keyword{"later", true},  Keyword{"earlier", true}, Keyword{"transition", true},
    Keyword{"happen", true}, Keyword{"choice", false}, Keyword{"choices", false},
};
constexpr std::size_t kShortest = 4, kLongest = 10;  // of their lengths

// A table without collisions: the multiplier was searched for, the check below holds it to that.
constexpr std::size_t slot_of(std::uint64_t letters) {
  return static_cast<std::size_t>(letters * 0x084F3DD6415AF341u >> 59);
}
constexpr auto kTable = [] {
  std::array<Keyword, 32> table{};
  for (Keyword keyword : kKeywords) {
    keyword.letters = letters_of(keyword.word);
    table[slot_of(keyword.letters)] = keyword;
  }
  return table;
}();
constexpr bool no_collision() {
  std::size_t found = 0;
  for (const Keyword& keyword : kTable) found += !keyword.word.empty();
  return found == kKeywords.size();
}
static_assert(no_collision());

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

constexpr std::string_view kKelvin = "\u212A", kDotted = "\u0130";

// Which keyword an ASCII word is, or null.
const Keyword* keyword_of(std::string_view word) {
  std::uint64_t letters = 0;
  for (std::size_t i = 0; i < word.size() && i < 8; ++i) {
    letters |= static_cast<std::uint64_t>(static_cast<unsigned char>(lower(word[i]))) << (8 * i);
  }
  const Keyword& candidate = kTable[slot_of(letters)];
  if (candidate.letters != letters || candidate.word.size() != word.size()) return nullptr;
  for (std::size_t i = 8; i < word.size(); ++i) {
    if (lower(word[i]) != candidate.word[i]) return nullptr;
  }
  return &candidate;
}

void note(const Keyword& keyword, Measure& result) {
  (keyword.temporal ? result.temporal : result.choice) = true;
}

bool is_word_before(const char* first, const char* p) {
  if (p == first) return false;
  do --p;
  while (p > first && (static_cast<unsigned char>(*p) & 0xC0) == 0x80);
  return python::is_word_character(python::decode_utf8(p));
}

// Python folds these to ASCII letters: capital I with a dot, small i without one, long s.
char32_t fold(char32_t c) {
  if (c == 0x130 || c == 0x131) return 'i';
  if (c == 0x17F) return 's';
  return c < 0x80 ? static_cast<char32_t>(lower(static_cast<char>(c))) : c;
}

// Keywords of a text with letters that fold to ASCII ones, character by character.
void find_folded_words(std::string_view text, Measure& result) {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    std::array<char, kLongest> word{};
    std::size_t length = 0;
    bool ascii = true;
    while (p < end) {
      const char32_t c = python::decode_utf8(p);
      if (!python::is_word_character(c)) break;
      const char32_t folded = fold(c);
      ascii &= folded < 0x80;
      if (length < kLongest) word[length] = static_cast<char>(folded);
      ++length;
    }
    if (length == 0 || length > kLongest || !ascii) continue;
    if (const Keyword* found = keyword_of({word.data(), length})) note(*found, result);
  }
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Counts the tokens; returns whether the text is ASCII.
bool count(std::string_view text, std::int64_t& tokens) {
  const char* const end = text.data() + text.size();
  std::uint32_t non_ascii = 0, before = 0;
  for (const char* p = text.data(); p < end; p += python::ByteBlock::size) {
    const python::ByteBlock block = python::partial_block(p, end - p);
    const std::uint32_t inside = block.word();
    tokens += std::popcount(inside & ~(inside << 1 | before));
    before = inside >> 31;
    non_ascii |= block.non_ascii();
  }
  return non_ascii == 0;
}

}  // namespace

std::string with_ascii_tokens(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with(kKelvin)) {
      result += 'k';
      i += kKelvin.size();
    } else if (rest.starts_with(kDotted)) {
      result += "i ";  // the mark that follows the i ends the token
      i += kDotted.size();
    } else {
      result += text[i++];
    }
  }
  return result;
}

bool needs_ascii_tokens(std::string_view text) {
  return holds(text, kKelvin) || holds(text, kDotted);
}

Measure measure(std::string_view text, bool words) {
  Measure result;
  const char* const first = text.data();
  const char* const end = first + text.size();
  const bool ascii = count(text, result.tokens);
  if (words) {
    each_token(text, [&](std::string_view token) {
      if (token.size() < kShortest || token.size() > kLongest) return true;
      const std::uint64_t letters = first_letters(token, end);
      const Keyword& candidate = kTable[slot_of(letters)];
      if (candidate.letters != letters || keyword_of(token) == nullptr) return true;
      const char* after = token.data() + token.size();
      const bool alone = !is_word_before(first, token.data()) &&
                         (after == end || !python::is_word_character(python::decode_utf8(after)));
      if (alone) note(candidate, result);
      return true;
    });
  }
  if (ascii) return result;
  if (needs_ascii_tokens(text)) result.tokens = measure(with_ascii_tokens(text), false).tokens;
  if (words && (holds(text, kDotted) || holds(text, "\u0131") || holds(text, "\u017F"))) {
    find_folded_words(text, result);
  }
  return result;
}

}  // namespace winnow::gdo_release
