#pragma once
// JSON exactly as Python's json module takes it: NaN, Infinity and -Infinity are numbers, half a
// surrogate pair may be escaped, integers have at most 4,300 digits, nesting is limited. Values are
// found, not converted.

#include <bit>
#include <cstdint>
#include <string_view>

#include "gdo_release/select/byte_block.h"

namespace winnow::gdo_release {

struct RawValue {
  enum class Kind : std::uint8_t { absent, null, true_, false_, integer, real, string, list, dict };
  Kind kind = Kind::absent;
  bool escaped = false;  // a string with a backslash in it
  // The value as it is written; of a string, what stands between the quotes.
  const char* begin = nullptr;
  const char* end = nullptr;

  std::string_view text() const { return {begin, static_cast<std::size_t>(end - begin)}; }
  bool is_string() const { return kind == Kind::string; }
};

// What Python's bool() says of the value.
bool is_truthy(const RawValue& value);

// Reads from `position` on. The text must be valid UTF-8 and end in a byte that no JSON text may
// hold, such as NUL, with 32 readable bytes behind it.
class JsonScanner {
 public:
  explicit JsonScanner(const char* position) : position_(position) {}
  const char* position() const { return position_; }

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

 private:
  // What CPython's recursion limit leaves for nesting at the depth of calls where the release reads
  // its rows.
  static constexpr int kDeepest = 992;

  bool enter() {
    ++position_;
    skip_white();
    return ++depth_ <= kDeepest;
  }
  bool leave() {
    ++position_;
    --depth_;
    return true;
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
  int depth_ = 0;
};

}  // namespace winnow::gdo_release
