#include "gdo_release/python/python_json.h"

#include <bit>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "gdo_release/python/json_bytes.h"

namespace winnow::python {
namespace {

constexpr int kMaximumDepth = 990;
constexpr std::size_t kMaximumDigits = 4300;
constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                   1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};

bool is_digit(char character) { return character >= '0' && character <= '9'; }

int hexadecimal(char character) {
  if (is_digit(character)) return character - '0';
  const char lower = static_cast<char>(character | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Of the four characters after "\u"; negative when they are no such number.
int code_unit(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hexadecimal(at[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void append_code_point(std::string& out, int code) {
  const auto put = [&](int byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  }
}

// Text with escapes, known to be well formed up to its closing quote but for the escapes.
void unescape(std::string_view text, std::string& out) {
  out.clear();
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    if (*at != '\\') {
      const char* const next =
          static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
      out.append(at, next == nullptr ? end : next);
      at = next == nullptr ? end : next;
      continue;
    }
    const char kind = at[1];
    at += 2;
    constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const std::size_t known = kLetters.find(kind);
    if (known != std::string_view::npos) {
      out += kMeanings[known];
      continue;
    }
    if (kind != 'u') throw JsonError("an escape that JSON does not have");
    int code = code_unit(at, end);
    if (code < 0) throw JsonError("an escape \\u without four hexadecimal digits");
    at += 4;
    if (code >= 0xD800 && code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
      const int low = code_unit(at + 2, end);
      if (low < 0) throw JsonError("an escape \\u without four hexadecimal digits");
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
      }
    }
    append_code_point(out, code);
  }
}

double value_of_number(std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Too large or too small for a double: from_chars says no more than that.
  if (error == std::errc::result_out_of_range)
    value = std::strtod(std::string(text).c_str(), nullptr);
  return value;
}

}  // namespace

void JsonReader::fail(const char* what) { throw JsonError(what); }

void JsonReader::expect(char character, const char* what) {
  white_space();
  if (at_ == end_ || *at_ != character) fail(what);
  ++at_;
}

void JsonReader::literal(std::string_view word) {
  if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, word.size()) != word) {
    fail("a word that JSON does not have");
  }
  at_ += word.size();
}

JsonKind JsonReader::kind() {
  white_space();
  if (at_ == end_) fail("the text ends where a value should stand");
  switch (*at_) {
    case '"':
      return JsonKind::text;
    case '{':
      return JsonKind::object;
    case '[':
      return JsonKind::list;
    case 'n':
      return JsonKind::null;
    case 't':
    case 'f':
      return JsonKind::boolean;
    default:
      return JsonKind::number;
  }
}

bool JsonReader::pass_number() {
  const char* at = at_;
  const bool negative = at < end_ && *at == '-';
  if (negative) ++at;
  if (at == end_ || !is_digit(*at)) {
    at_ = at;
    if (at < end_ && *at == 'I') return literal("Infinity"), false;
    if (at < end_ && *at == 'N' && !negative) return literal("NaN"), false;
    fail("no value stands where one should");
  }
  const char* const first = at;
  if (*at == '0') {
    ++at;
  } else {
    while (at < end_ && is_digit(*at)) ++at;
  }
  const auto digits = static_cast<std::size_t>(at - first);
  bool integer = true;
  if (end_ - at >= 2 && *at == '.' && is_digit(at[1])) {
    integer = false;
    for (at += 2; at < end_ && is_digit(*at);) ++at;
  }
  if (at < end_ && (*at == 'e' || *at == 'E')) {
    const char* exponent = at + 1;
    if (exponent < end_ && (*exponent == '+' || *exponent == '-')) ++exponent;
    if (exponent < end_ && is_digit(*exponent)) {
      integer = false;
      while (exponent < end_ && is_digit(*exponent)) ++exponent;
      at = exponent;
    }
  }
  at_ = at;
  if (integer && digits > kMaximumDigits) throw JsonLimit("an integer of more than 4300 digits");
  return integer;
}

bool JsonReader::pass_text() {
  bool escaped = false;
  for (++at_;; at_ += 2) {
    at_ = end_of_plain_text(at_, end_);
    if (at_ == end_ || *at_ != '\\') break;
    escaped = true;
    if (end_ - at_ < 2) fail("a text without an end");
  }
  if (at_ == end_) fail("a text without an end");
  if (*at_ != '"') fail("a control character inside a text");
  ++at_;
  return escaped;
}

void JsonReader::pass_value(int depth) {
  if (depth > kMaximumDepth) throw JsonLimit("nested more deeply than Python reads");
  switch (kind()) {
    case JsonKind::text: {
      const char* const start = at_ + 1;
      if (pass_text()) {
        std::string checked;
        unescape({start, static_cast<std::size_t>(at_ - 1 - start)}, checked);
      }
      return;
    }
    case JsonKind::number:
      pass_number();
      return;
    case JsonKind::null:
      literal("null");
      return;
    case JsonKind::boolean:
      boolean();
      return;
    case JsonKind::list:
      for (list(); next_element();) pass_value(depth + 1);
      return;
    case JsonKind::object: {
      std::string scratch;
      std::string_view key;
      for (object(); next_key(key, scratch);) pass_value(depth + 1);
      return;
    }
  }
}

std::string_view JsonReader::skip() {
  white_space();
  const char* const start = at_;
  pass_value(0);
  return {start, static_cast<std::size_t>(at_ - start)};
}

double JsonReader::number() {
  white_space();
  const char* const start = at_;
  pass_number();
  return value_of_number({start, static_cast<std::size_t>(at_ - start)});
}

float JsonReader::single() {
  white_space();
  // Up to 19 digits and no exponent, as nearly all numbers are: the digits as an integer, divided
  // by a power of ten that a double holds exactly, are within an ulp or two of the number.
  constexpr int kDigits = 19;
  const char* at = at_;
  const bool negative = at < end_ && *at == '-';
  if (negative) ++at;
  std::uint64_t digits = 0;
  const auto read = [&] {
    const char* const start = at;
    for (; at < end_ && is_digit(*at); ++at) {
      digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
    }
    return static_cast<int>(at - start);
  };
  const bool zero = at < end_ && *at == '0';
  const int whole = read();
  int fraction = 0;
  if (whole > 0 && at < end_ && *at == '.') {
    ++at;
    fraction = read();
    if (fraction == 0) return static_cast<float>(number());
  }
  const bool plain = at == end_ || (*at != 'e' && *at != 'E');
  if (whole == 0 || (zero && whole > 1) || whole + fraction > kDigits || !plain) {
    return static_cast<float>(number());
  }
  const double value = static_cast<double>(digits) / kPowersOfTen[fraction];
  // Rounding to float32 drops 29 bits. Where these are next to a half, the last bits decide.
  constexpr std::uint64_t kDropped = (std::uint64_t{1} << 29) - 1, kHalf = std::uint64_t{1} << 28;
  const std::uint64_t dropped = std::bit_cast<std::uint64_t>(value) & kDropped;
  const bool normal = digits == 0 || value > 1e-30;
  if (!normal || (dropped > kHalf - 8 && dropped < kHalf + 8)) {
    return static_cast<float>(number());
  }
  at_ = at;
  return static_cast<float>(negative ? -value : value);
}

bool JsonReader::boolean() {
  white_space();
  const bool value = at_ < end_ && *at_ == 't';
  literal(value ? "true" : "false");
  return value;
}

std::string_view JsonReader::text(std::string& scratch) {
  white_space();
  const char* const start = at_ + 1;
  const bool escaped = pass_text();
  const std::string_view plain(start, static_cast<std::size_t>(at_ - 1 - start));
  if (!escaped) return plain;
  unescape(plain, scratch);
  return scratch;
}

void JsonReader::list() {
  expect('[', "no list stands where one should");
  first_ = true;
}

bool JsonReader::next_element() {
  white_space();
  const bool first = std::exchange(first_, false);
  if (at_ < end_ && *at_ == ']') {
    ++at_;
    return false;
  }
  if (!first) {
    expect(',', "no comma between two elements");
    white_space();
    if (at_ < end_ && *at_ == ']') fail("a comma without an element after it");
  }
  return true;
}

void JsonReader::object() {
  expect('{', "no object stands where one should");
  first_ = true;
}

bool JsonReader::next_key(std::string_view& key, std::string& scratch) {
  white_space();
  const bool first = std::exchange(first_, false);
  if (at_ < end_ && *at_ == '}') {
    ++at_;
    return false;
  }
  if (!first) expect(',', "no comma between two entries");
  white_space();
  if (at_ == end_ || *at_ != '"') fail("an entry without a key in quotes");
  key = text(scratch);
  expect(':', "no colon after a key");
  return true;
}

void JsonReader::finish() {
  white_space();
  if (at_ != end_) fail("something follows the value");
}

}  // namespace winnow::python
