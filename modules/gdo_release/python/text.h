#pragma once
// What Python's str, re and float know about texts (Unicode 14, as in CPython 3.11). Texts are
// UTF-8 in which half a surrogate pair may stand as three bytes.

#include <optional>
#include <string_view>

namespace winnow::gdo_release::python {

// str.isspace of a single character.
constexpr bool is_white_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}
// `\w`: letters, digits, other numbers, underscore.
bool is_word_character(char32_t c);
// str.isprintable of a single character.
bool is_printable(char32_t c);
// The value of a decimal digit of any script, or -1.
int decimal_digit(char32_t c);

// float(text): white space around, single underscores between digits, decimal digits of any script,
// "nan" and "infinity"; nothing where Python raises ValueError.
std::optional<double> float_of_text(std::string_view text);

// Whether half a surrogate pair stands in the text, which Python cannot write as UTF-8.
bool has_half_surrogate(std::string_view text);

// The character at `p`, which moves behind it.
inline char32_t decode_utf8(const char*& p) {
  const auto byte = [&](int i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i])); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return p += 1, lead;
  if (lead < 0xE0) {
    const char32_t c = (lead & 0x1F) << 6 | (byte(1) & 0x3F);
    return p += 2, c;
  }
  if (lead < 0xF0) {
    const char32_t c = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    return p += 3, c;
  }
  const char32_t c =
      (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  return p += 4, c;
}

// Writes a character, or half a surrogate pair in the same manner, and returns the place behind it.
inline char* encode_utf8(char32_t c, char* out) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    *out++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<char>(0xC0 | c >> 6);
    *out++ = tail(0);
  } else if (c < 0x10000) {
    *out++ = static_cast<char>(0xE0 | c >> 12);
    *out++ = tail(6);
    *out++ = tail(0);
  } else {
    *out++ = static_cast<char>(0xF0 | c >> 18);
    *out++ = tail(12);
    *out++ = tail(6);
    *out++ = tail(0);
  }
  return out;
}

}  // namespace winnow::gdo_release::python
