#pragma once
// Recorded JSON by its text: numbers are compared to the last bit and as they are written, which
// Boost.JSON does not keep.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gdo_release/python/json.h"
#include "gdo_release/python/value.h"

namespace winnow::testing_support {

inline std::string as_written(const gdo_release::python::RawValue& value) {
  return value.is_string() ? std::string(value.begin - 1, value.end + 1)
                           : std::string(value.text());
}

// The values of an object or a list as they are written; empty where the text is none.
inline std::map<std::string, std::string> fields(std::string_view object) {
  namespace python = gdo_release::python;
  std::string buffer;
  std::map<std::string, std::string> result;
  python::JsonScanner scanner(python::padded(object, buffer));
  scanner.object([&](const python::RawValue& key) {
    python::RawValue value;
    if (!scanner.value(value)) return false;
    result[python::unescaped(key)] = as_written(value);
    return true;
  });
  return result;
}
inline std::vector<std::string> elements(std::string_view list) {
  namespace python = gdo_release::python;
  std::string buffer;
  std::vector<std::string> result;
  python::JsonScanner scanner(python::padded(list, buffer));
  scanner.list([&] {
    python::RawValue value;
    if (!scanner.value(value)) return false;
    result.push_back(as_written(value));
    return true;
  });
  return result;
}

inline double number(std::string_view value) { return gdo_release::python::float_of_number(value); }
inline std::string text(std::string_view value) {
  return gdo_release::python::parse_json(value).value().text;
}

}  // namespace winnow::testing_support
