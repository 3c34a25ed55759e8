#pragma once
// JSON values as Python objects, where their text form or their JSON form is wanted. Slow and
// exact; the common rows never come here. Texts are UTF-8 in which half a surrogate pair may stand
// as three bytes.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gdo_release/python/json.h"

namespace winnow::gdo_release::python {

struct Value {
  enum class Kind { none, boolean, integer, real, string, list, dict };
  Kind kind = Kind::none;
  bool truth = false;  // of a boolean
  double real = 0.0;
  std::string text;               // a string, or an integer's digits
  std::vector<Value> items;       // of a list or a dict
  std::vector<std::string> keys;  // of a dict, in order: where each was first met

  // The last value of that key, or null; of something that is not a dict, null.
  Value* find(std::string_view key);
};

// A value that JsonScanner has read, where it was read.
Value value_of(const RawValue& value);
// json.loads() of a whole text; nothing where it raises.
std::optional<Value> parse_json(std::string_view json);

// str(), which of all but strings is repr().
std::string str(const Value& value);

}  // namespace winnow::gdo_release::python
