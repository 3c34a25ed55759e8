// How Python reads a number from a text.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "gdo_release/python/python_json.h"

namespace winnow::python {
namespace {

// The zeros of the decimal digits of Unicode 14 (Python 3.11); their one to nine follow them.
constexpr std::array kZeros = {
    0x30,    0x660,   0x6f0,   0x7c0,   0x966,   0x9e6,   0xa66,   0xae6,   0xb66,   0xbe6,
    0xc66,   0xce6,   0xd66,   0xde6,   0xe50,   0xed0,   0xf20,   0x1040,  0x1090,  0x17e0,
    0x1810,  0x1946,  0x19d0,  0x1a80,  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,
    0xa8d0,  0xa900,  0xa9d0,  0xa9f0,  0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x11066,
    0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0,
    0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2,
    0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0};
// White space beyond ASCII.
constexpr std::array kSpaces = {0x85,   0xa0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
                                0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a,
                                0x2028, 0x2029, 0x202f, 0x205f, 0x3000};

bool is_digit(char character) { return character >= '0' && character <= '9'; }

// The code point at the front of well formed UTF-8, which is moved past; anything else gives -1.
int take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const int first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  int code = length == 1 ? first : first & (0xFF >> (length + 1));
  if (text.size() < length) {
    text = {};
    return -1;
  }
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3F);
  text.remove_prefix(length);
  return code;
}

// Digits and white space of any script as ASCII ones, every other such character as '?'.
std::string in_ascii(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const int code = take_code_point(text);
    const auto zero = std::upper_bound(kZeros.begin(), kZeros.end(), code);
    if (code >= 0 && code < 0x80) {
      result += static_cast<char>(code);
    } else if (std::binary_search(kSpaces.begin(), kSpaces.end(), code)) {
      result += ' ';
    } else if (code >= 0 && zero != kZeros.begin() && code - *(zero - 1) < 10) {
      result += static_cast<char>('0' + code - *(zero - 1));
    } else {
      result += '?';
    }
  }
  return result;
}

// Without underscores, each of which must stand between two digits; false where one does not.
bool drop_underscores(std::string_view text, std::string& out) {
  char before = '\0';
  for (const char character : text) {
    if (character == '_') {
      if (!is_digit(before)) return false;
    } else {
      if (before == '_' && !is_digit(character)) return false;
      out += character;
    }
    before = character;
  }
  return before != '_';
}

}  // namespace

std::optional<double> float_of_text(std::string_view text) {
  const std::string ascii = in_ascii(text);
  std::string_view trimmed = ascii;
  constexpr std::string_view kBlank = " \t\n\v\f\r";
  trimmed.remove_prefix(std::min(trimmed.find_first_not_of(kBlank), trimmed.size()));
  trimmed = trimmed.substr(0, trimmed.find_last_not_of(kBlank) + 1);
  std::string plain;
  if (!drop_underscores(trimmed, plain)) return std::nullopt;
  const char* at = plain.data();
  const char* const end = at + plain.size();
  const bool negative = at < end && *at == '-';
  if (negative || (at < end && *at == '+')) ++at;
  if (at == end || *at == '-') return std::nullopt;  // from_chars would take a second sign
  double value = 0.0;
  const auto [stop, error] = std::from_chars(at, end, value);
  if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
  if (plain.find('(') != std::string::npos) return std::nullopt;  // nan(...) is C's alone
  if (error == std::errc::result_out_of_range) value = std::strtod(at, nullptr);
  return negative ? -value : value;
}

}  // namespace winnow::python
