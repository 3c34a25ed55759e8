#include "gdo_release/python/json.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <system_error>

#include "gdo_release/python/text.h"

namespace winnow::gdo_release::python {
namespace {

constexpr std::ptrdiff_t kMostDigits = 4300;  // of an integer, CPython's default

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

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
      return float_of_number(value.text()) != 0.0;
    case Kind::list:
    case Kind::dict:
      break;
  }
  JsonScanner inside(value.begin + 1);
  return !inside.ends_at(value.end - 1);
}

std::string unescaped(const RawValue& string) {
  if (!string.escaped) return std::string(string.text());
  std::string result;
  for (const char* p = string.begin; p < string.end;) {
    const auto left = static_cast<std::size_t>(string.end - p);
    const auto* const next = static_cast<const char*>(std::memchr(p, '\\', left));
    result.append(p, next == nullptr ? string.end : next);
    if (next == nullptr) break;
    p = next;
    if (p[1] == 'u') {
      char encoded[4];
      result.append(encoded, encode_utf8(decode_escape(p, string.end), encoded));
    } else {
      result += simple_escape(p[1]);
      p += 2;
    }
  }
  return result;
}

double float_of_number(std::string_view number) {
  if (number == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (number.ends_with("Infinity")) {
    return number.front() == '-' ? -std::numeric_limits<double>::infinity()
                                 : std::numeric_limits<double>::infinity();
  }
  double value = 0.0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  // Too large or too small: infinity, zero or a denormal number, as strtod has it.
  if (read.ec != std::errc()) return std::strtod(std::string(number).c_str(), nullptr);
  return value;
}

float single_of_number(std::string_view number) {
  constexpr std::ptrdiff_t kDigits = 19;
  constexpr double kPowersOfTen[kDigits + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                                1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                                1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
  const auto by_double = [&] { return static_cast<float>(float_of_number(number)); };
  // Up to 19 digits and no exponent, as nearly all numbers are: the digits as an integer, divided
  // by a power of ten that a double holds exactly, are within an ulp or two of the number.
  const char* const end = number.data() + number.size();
  const bool negative = number.front() == '-';
  const char* const first = number.data() + (negative ? 1 : 0);
  const char* point = end;
  std::uint64_t digits = 0;
  for (const char* at = first; at < end; ++at) {
    if (*at == '.') {
      point = at;
    } else if (is_digit(*at)) {
      digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
    } else {
      return by_double();
    }
  }
  const std::ptrdiff_t fraction = point == end ? 0 : end - point - 1;
  if (point - first + fraction > kDigits) return by_double();
  const double value = static_cast<double>(digits) / kPowersOfTen[fraction];
  // Rounding to float32 drops 29 bits. Where these are next to a half, the last bits decide.
  constexpr std::uint64_t kDropped = (std::uint64_t{1} << 29) - 1, kHalf = std::uint64_t{1} << 28;
  const std::uint64_t dropped = std::bit_cast<std::uint64_t>(value) & kDropped;
  const bool normal = digits == 0 || value > 1e-30;
  if (!normal || (dropped > kHalf - 8 && dropped < kHalf + 8)) return by_double();
  return static_cast<float>(negative ? -value : value);
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
  return value.kind == RawValue::Kind::real || count <= kMostDigits ||
         stop("an integer of more than 4300 digits");
}

}  // namespace winnow::gdo_release::python
