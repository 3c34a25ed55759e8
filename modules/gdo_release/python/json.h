#pragma once
// JSON exactly as Python's json module reads it: NaN, Infinity and -Infinity are numbers, -0 is an
// integer, half a surrogate pair may be escaped, integers have at most 4,300 digits, nesting is
// limited. simdjson knows none of this. Values are found, and converted where they are wanted.

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "gdo_release/python/byte_block.h"

namespace winnow::gdo_release::python {

struct RawValue {
  enum class Kind : std::uint8_t { absent, null, true_, false_, integer, real, string, list, dict };
  Kind kind = Kind::absent;
  bool escaped = false;  // a string with a backslash in it
  // The value as it is written; of a string, what stands between the quotes.
  const char* begin = nullptr;
  const char* end = nullptr;

  std::string_view text() const { return {begin, static_cast<std::size_t>(end - begin)}; }
  bool is_absent() const { return kind == Kind::absent; }
  bool is_null() const { return kind == Kind::null; }
  bool is_string() const { return kind == Kind::string; }
  bool is_number() const { return kind == Kind::integer || kind == Kind::real; }
};

// What Python's bool() says of the value.
bool is_truthy(const RawValue& value);
// What a string stands for. Half a surrogate pair becomes three bytes.
std::string unescaped(const RawValue& string);
// The same of a key; `buffer` holds it where it is written with escapes.
inline std::string_view name_of(const RawValue& key, std::string& buffer) {
  return key.escaped ? buffer = unescaped(key) : key.text();
}
// float() of a number as it is written: infinite where a double ends.
double float_of_number(std::string_view number);
// float32 of it, faster.
float single_of_number(std::string_view number);

// What a scanner needs behind a text: a byte that no JSON text may hold, and readable bytes.
constexpr std::size_t kJsonPadding = ByteBlock::size + 1;
// Makes `buffer` the text with that behind it, and returns its begin.
inline const char* padded(std::string_view text, std::string& buffer) {
  buffer.assign(text).append(kJsonPadding, '\0');
  return buffer.data();
}

// Reads from `position` on. The text is valid UTF-8 with kJsonPadding bytes behind it, the first of
// them NUL.
class JsonScanner {
 public:
  explicit JsonScanner(const char* position) : position_(position) {}
  const char* position() const { return position_; }
  // Of a scan that failed: why Python stops there although the text is JSON; null for what is none.
  const char* limit() const { return limit_; }

  void skip_white() {
    while (*position_ == ' ' || *position_ == '\n' || *position_ == '\r' || *position_ == '\t') {
      ++position_;
    }
  }
  // The value at the position, which is not white space. False when there is none.
  bool value(RawValue& value) {
    if (*position_ == '"') return string(value);
    return other_value(value);
  }
  bool skip_value() {
    RawValue ignored;
    return value(ignored);
  }
  // The object at the position: `field(key)` is called at each field's value, which it must read.
  // Returns false when it or `field` finds an error.
  template <class Field>
  bool object(Field field) {
    if (!enter()) return false;
    if (*position_ == '}') return leave();
    while (true) {
      RawValue key;
      if (*position_ != '"' || !string(key)) return false;
      skip_white();
      if (*position_ != ':') return false;
      ++position_;
      skip_white();
      if (!field(key)) return false;
      skip_white();
      if (*position_ == '}') return leave();
      if (*position_ != ',') return false;
      ++position_;
      skip_white();
    }
  }
  // The list at the position: `item()` is called at each item, which it must read.
  template <class Item>
  bool list(Item item) {
    if (!enter()) return false;
    if (*position_ == ']') return leave();
    while (true) {
      if (!item()) return false;
      skip_white();
      if (*position_ == ']') return leave();
      if (*position_ != ',') return false;
      ++position_;
      skip_white();
    }
  }
  // Passes over what white space is left, and says whether the text ends there.
  bool ends_at(const char* end) {
    skip_white();
    return position_ == end;
  }

 private:
  // What CPython's recursion limit leaves for nesting at the depth of calls where the release reads
  // its rows.
  static constexpr int kDeepest = 992;

  bool enter() {
    ++position_;
    skip_white();
    return ++depth_ <= kDeepest || stop("nested more deeply than Python reads");
  }
  bool leave() {
    ++position_;
    --depth_;
    return true;
  }
  bool stop(const char* limit) {
    limit_ = limit;
    return false;
  }
  bool string(RawValue& value) {
    value.kind = RawValue::Kind::string;
    value.escaped = false;
    value.begin = ++position_;
    while (true) {
      const ByteBlock block(position_);
      const std::uint32_t special = block.equal('"') | block.equal('\\') | block.control();
      if (special == 0) {
        position_ += ByteBlock::size;
        continue;
      }
      position_ += std::countr_zero(special);
      if (*position_ == '"') {
        value.end = position_++;
        return true;
      }
      if (*position_ != '\\' || !escape()) return false;
      value.escaped = true;
    }
  }
  bool escape();
  bool other_value(RawValue& value);
  bool number(RawValue& value);
  bool word(std::string_view word, RawValue::Kind kind, RawValue& value);

  const char* position_;
  const char* limit_ = nullptr;
  int depth_ = 0;
};

// A `\u` escape at `p` (which points at its backslash, the escape being well formed) and, where it
// is the first half of a surrogate pair, the other half's escape; `p` moves behind what was read.
inline char32_t decode_escape(const char*& p, const char* end) {
  const auto unit = [](const char* digits) {
    char32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = digits[i];
      value = value << 4 | static_cast<char32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
  };
  const char32_t first = unit(p + 2);
  p += 6;
  if (first < 0xD800 || first > 0xDBFF || end - p < 6 || p[0] != '\\' || p[1] != 'u') return first;
  const char32_t second = unit(p + 2);
  if (second < 0xDC00 || second > 0xDFFF) return first;
  p += 6;
  return 0x10000 + ((first & 0x3FF) << 10 | (second & 0x3FF));
}

// The character that a two-letter escape stands for: 'n' is a line feed.
inline char simple_escape(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;  // quote, backslash, slash
  }
}

}  // namespace winnow::gdo_release::python
