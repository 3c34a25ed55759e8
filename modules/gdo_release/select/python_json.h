#pragma once
// JSON values as Python objects, where their text form or their JSON form is wanted: str(), repr()
// and json.dumps(ensure_ascii=False). Slow and exact; the common rows never come here. Texts are
// UTF-8 in which half a surrogate pair may stand as three bytes.

#include <string>
#include <string_view>
#include <vector>

#include "gdo_release/select/json_scan.h"

namespace winnow::gdo_release {

struct PythonValue {
  enum class Kind { none, boolean, integer, real, string, list, dict };
  Kind kind = Kind::none;
  bool truth = false;  // of a boolean
  double real = 0.0;
  std::string text;                // a string, or an integer's digits
  std::vector<PythonValue> items;  // of a list or a dict
  std::vector<std::string> keys;   // of a dict, in order

  // The last value of that key, or null; of something that is not a dict, null.
  PythonValue* find(std::string_view key);
};

// A value that JsonScanner has read.
PythonValue python_value(const RawValue& value);
// A JSON text with nothing around it. Throws DataError, beginning with `where`, where json.loads
// raises.
PythonValue parse_python_json(const std::string& json, const std::string& where);

// float(): of a JSON number, NaN, Infinity or -Infinity.
double python_real(std::string_view number);
// What a JSON string stands for.
std::string unescaped(const RawValue& string);

std::string python_str(const PythonValue& value);
std::string python_json(const PythonValue& value);

// Whether half a surrogate pair stands in the text, which Python cannot write as UTF-8.
bool has_half_surrogate(std::string_view text);

}  // namespace winnow::gdo_release
