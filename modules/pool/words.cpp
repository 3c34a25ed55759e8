#include "pool/words.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace winnow {
namespace {

// Of ASCII characters: the lower-case letter or digit, or 0 where none is part of a word.
constexpr std::array<char, 128> kAscii = [] {
  std::array<char, 128> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = c;
  for (char c = 'a'; c <= 'z'; ++c) {
    table[static_cast<std::size_t>(c)] = c;
    table[static_cast<std::size_t>(c - 'a' + 'A')] = c;
  }
  return table;
}();

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

void ascii_words(std::string_view text, const std::function<void(std::string_view)>& take) {
  std::string word;
  for (const char c : text) {
    if (const char lower = kAscii[static_cast<std::size_t>(c)]; lower != 0) {
      word += lower;
    } else if (!word.empty()) {
      take(word);
      word.clear();
    }
  }
  if (!word.empty()) take(word);
}

// Compatibility composition and case folding; invalid bytes become U+FFFD, which is no letter.
icu::UnicodeString folded(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* form = icu::Normalizer2::getNFKCCasefoldInstance(error);
  const auto bytes = icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size()));
  icu::UnicodeString result;
  if (U_SUCCESS(error)) form->normalize(icu::UnicodeString::fromUTF8(bytes), result, error);
  if (U_FAILURE(error)) {
    throw std::runtime_error(std::string("ICU cannot normalise a text: ") + u_errorName(error));
  }
  return result;
}

void append_utf8(UChar32 point, std::string& text) {
  icu::StringByteSink<std::string> sink(&text);
  icu::UnicodeString(point).toUTF8(sink);
}

}  // namespace

bool is_unspaced_letter(char32_t point) {
  const auto code = static_cast<UChar32>(point);
  if (code < 0x0E00 || u_hasBinaryProperty(code, UCHAR_ALPHABETIC) == 0) return false;
  switch (u_getIntPropertyValue(code, UCHAR_LINE_BREAK)) {
    case U_LB_IDEOGRAPHIC:
    case U_LB_CONDITIONAL_JAPANESE_STARTER:
    case U_LB_COMPLEX_CONTEXT:  // Thai and its neighbours
      return !is_mark(point);
    default:
      return false;
  }
}

bool is_mark(char32_t point) {
  return point >= 0x0300 && (U_GET_GC_MASK(static_cast<UChar32>(point)) & U_GC_M_MASK) != 0;
}

void for_each_word(std::string_view text, const std::function<void(std::string_view)>& take) {
  if (is_ascii(text)) return ascii_words(text, take);
  const icu::UnicodeString characters = folded(text);
  std::string word;
  bool unspaced = false;  // `word` is a character of its own
  const auto close = [&] {
    if (!word.empty()) take(word);
    word.clear();
    unspaced = false;
  };
  for (std::int32_t i = 0; i < characters.length();) {
    const UChar32 point = characters.char32At(i);
    i += U16_LENGTH(point);
    const auto letter = static_cast<char32_t>(point);
    if (is_mark(letter) && !word.empty()) {
      append_utf8(point, word);
    } else if (is_unspaced_letter(letter)) {
      close();
      append_utf8(point, word);
      unspaced = true;
    } else if (u_hasBinaryProperty(point, UCHAR_ALPHABETIC) != 0 || u_isalnum(point) != 0) {
      if (unspaced) close();
      append_utf8(point, word);
    } else {
      close();
    }
  }
  close();
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

}  // namespace winnow
