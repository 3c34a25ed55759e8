#include "gdo_release/select/json_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "gdo_release/select/python_json.h"

namespace winnow::gdo_release {
namespace {

constexpr std::ptrdiff_t kMostDigits = 4300;  // of an integer, CPython's default

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Behind the digits at `p`, of which eight are looked at together.
const char* skip_digits(const char* p) {
  while (true) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, p, sizeof bytes);
    bytes ^= 0x3030303030303030u;  // digits become 0 to 9
    const std::uint64_t others = ((bytes + 0x7676767676767676u) | bytes) & 0x8080808080808080u;
    if (others != 0) return p + std::countr_zero(others) / 8;
    p += sizeof bytes;
  }
}
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

bool is_truthy(const RawValue& value) {
  using Kind = RawValue::Kind;
  switch (value.kind) {
    case Kind::absent:
    case Kind::null:
    case Kind::false_:
      return false;
    case Kind::true_:
      return true;
    case Kind::string:
      return value.begin != value.end;
    case Kind::integer:
      return value.text() != "0" && value.text() != "-0";
    case Kind::real:
      return python_real(value.text()) != 0.0;
    case Kind::list:
    case Kind::dict:
      break;
  }
  JsonScanner inside(value.begin + 1);
  inside.skip_white();
  return inside.position() != value.end - 1;
}

bool JsonScanner::escape() {
  const char letter = position_[1];
  if (letter == 'u') {
    if (!std::all_of(position_ + 2, position_ + 6, is_hex)) return false;
    position_ += 6;
    return true;
  }
  position_ += 2;
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  return kLetters.find(letter) != std::string_view::npos;
}

bool JsonScanner::other_value(RawValue& value) {
  using Kind = RawValue::Kind;
  value.escaped = false;
  value.begin = position_;
  RawValue inner;
  switch (*position_) {
    case '{':
      value.kind = Kind::dict;
      if (!object([&](const RawValue&) { return this->value(inner); })) return false;
      value.end = position_;
      return true;
    case '[':
      value.kind = Kind::list;
      if (!list([&] { return this->value(inner); })) return false;
      value.end = position_;
      return true;
    case 'n':
      return word("null", Kind::null, value);
    case 't':
      return word("true", Kind::true_, value);
    case 'f':
      return word("false", Kind::false_, value);
    case 'N':
      return word("NaN", Kind::real, value);
    case 'I':
      return word("Infinity", Kind::real, value);
    default:
      return number(value);
  }
}

bool JsonScanner::word(std::string_view word, RawValue::Kind kind, RawValue& value) {
  // Byte by byte: the end of the text stops it.
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (position_[i] != word[i]) return false;
  }
  position_ += word.size();
  value.kind = kind;
  value.end = position_;
  return true;
}

bool JsonScanner::number(RawValue& value) {
  const bool negative = *position_ == '-';
  if (negative) ++position_;
  if (negative && *position_ == 'I') return word("Infinity", RawValue::Kind::real, value);
  const char* const digits = position_;
  if (!is_digit(*position_)) return false;
  position_ = *digits == '0' ? digits + 1 : skip_digits(digits);
  const std::ptrdiff_t count = position_ - digits;
  value.kind = RawValue::Kind::integer;
  if (*position_ == '.' && is_digit(position_[1])) {
    value.kind = RawValue::Kind::real;
    position_ = skip_digits(position_ + 1);
  }
  if (*position_ == 'e' || *position_ == 'E') {
    const char* exponent = position_ + 1;
    if (*exponent == '+' || *exponent == '-') ++exponent;
    if (is_digit(*exponent)) {
      value.kind = RawValue::Kind::real;
      position_ = skip_digits(exponent);
    }
  }
  value.end = position_;
  return value.kind == RawValue::Kind::real || count <= kMostDigits;
}

}  // namespace winnow::gdo_release
