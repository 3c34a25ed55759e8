#include "descriptors/words.h"

#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <stdexcept>

namespace winnow {
namespace {

// glibc's Unicode tables, whatever locale the program runs in.
locale_t unicode_locale() {
  static const locale_t locale = [] {
    const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (made == nullptr) throw std::logic_error("the C library has no C.UTF-8 locale");
    return made;
  }();
  return locale;
}

constexpr char32_t kInvalid = 0xFFFD;

// The code point at `position`, which moves past it; kInvalid for one byte that is not UTF-8.
char32_t next_code_point(std::string_view text, std::size_t& position) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(position);
  ++position;
  if (first < 0x80) return first;
  const std::size_t extra = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  if (first < 0xC2 || first > 0xF4 || position + extra > text.size()) return kInvalid;
  char32_t point = first & (0x3F >> extra);
  for (std::size_t i = 0; i < extra; ++i) {
    if ((byte(position + i) & 0xC0) != 0x80) return kInvalid;
    point = (point << 6) | (byte(position + i) & 0x3F);
  }
  constexpr char32_t kLowest[] = {0x80, 0x800, 0x10000};
  if (point < kLowest[extra - 1] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
    return kInvalid;
  }
  position += extra;
  return point;
}

void append_utf8(char32_t point, std::string& text) {
  if (point < 0x80) {
    text += static_cast<char>(point);
    return;
  }
  const int extra = point >= 0x10000 ? 3 : point >= 0x800 ? 2 : 1;
  constexpr char32_t kLead[] = {0xC0, 0xE0, 0xF0};
  text += static_cast<char>(kLead[extra - 1] | (point >> (6 * extra)));
  for (int i = extra - 1; i >= 0; --i)
    text += static_cast<char>(0x80 | ((point >> (6 * i)) & 0x3F));
}

bool stands_alone(char32_t point) {
  return (point >= 0x3040 && point <= 0x30FF) ||  // Hiragana, Katakana
         (point >= 0x3400 && point <= 0x9FFF) ||  // Han
         (point >= 0xF900 && point <= 0xFAFF) || (point >= 0x20000 && point <= 0x3FFFF);
}

bool in_word(char32_t point) {
  return point != kInvalid && (::iswalnum_l(static_cast<wint_t>(point), unicode_locale()) != 0 ||
                               (point >= 0x0300 && point <= 0x036F));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

std::set<std::string> word_set(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  const auto close = [&] {
    if (!word.empty()) words.insert(word);
    word.clear();
  };
  for (std::size_t position = 0; position < text.size();) {
    const char32_t point = next_code_point(text, position);
    if (!in_word(point)) {
      close();
      continue;
    }
    if (stands_alone(point)) close();
    append_utf8(static_cast<char32_t>(::towlower_l(static_cast<wint_t>(point), unicode_locale())),
                word);
    if (stands_alone(point)) close();
  }
  close();
  return words;
}

double jaccard_similarity(std::string_view a, std::string_view b) {
  const std::set<std::string> first = word_set(a), second = word_set(b);
  if (first.empty() && second.empty()) return trimmed(a) == trimmed(b) ? 1.0 : 0.0;
  std::set<std::string> shared;
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                        std::inserter(shared, shared.end()));
  const std::size_t all = first.size() + second.size() - shared.size();
  return static_cast<double>(shared.size()) / static_cast<double>(all);
}

}  // namespace winnow
