#pragma once
// JSON as Python's json.dumps(ensure_ascii=False) writes it, appended to `out`.

#include <boost/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "gdo_release/python/value.h"

namespace winnow::gdo_release::python {

// Text that UTF-8 cannot hold, such as half a surrogate pair: Python's UnicodeEncodeError.
struct EncodeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The shortest digits that give the same double: "1e-05", "1e+16", "3.0", "NaN", "-Infinity".
void append_float(std::string& out, double value);
// A string. Half a surrogate pair may stand in it as three bytes, and does in what is written.
void append_quoted(std::string& out, std::string_view text);
// The same of what goes to a file. Throws EncodeError.
void append_text(std::string& out, std::string_view text);
void append_value(std::string& out, const Value& value);
// json.dumps(json.loads(value)) of what JsonScanner has read; what stood behind it may be gone by
// now. Throws EncodeError.
void append_again(std::string& out, const RawValue& value);

// A document as json.dump(indent=2) writes it.
std::string indented_json(const boost::json::value& document);

}  // namespace winnow::gdo_release::python
