#include "gdo_release/select/python_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/errors.h"
#include "gdo_release/python/python_json.h"
#include "gdo_release/select/text_scan.h"

namespace winnow::gdo_release {
namespace {

using Kind = PythonValue::Kind;

std::string real_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string result;
  python::append_float(result, value);
  return result;
}

std::string string_repr(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string result(1, quote);
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const char* const start = p;
    const char32_t c = decode_utf8(p);
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      result += '\\';
      result += static_cast<char>(c);
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\r') {
      result += "\\r";
    } else if (c == '\t') {
      result += "\\t";
    } else if (is_printable(c)) {
      result.append(start, p);
    } else if (c < 0x100) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else if (c < 0x10000) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      result += fmt::format("\\U{:08x}", static_cast<unsigned>(c));
    }
  }
  return result + quote;
}

void append_repr(const PythonValue& value, std::string& out) {
  switch (value.kind) {
    case Kind::none:
      out += "None";
      return;
    case Kind::boolean:
      out += value.truth ? "True" : "False";
      return;
    case Kind::integer:
      out += value.text;
      return;
    case Kind::real:
      out += real_repr(value.real);
      return;
    case Kind::string:
      out += string_repr(value.text);
      return;
    case Kind::list:
    case Kind::dict:
      break;
  }
  const bool dict = value.kind == Kind::dict;
  out += dict ? '{' : '[';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ", ";
    if (dict) out += string_repr(value.keys[i]) + ": ";
    append_repr(value.items[i], out);
  }
  out += dict ? '}' : ']';
}

void append_json(const PythonValue& value, std::string& out) {
  switch (value.kind) {
    case Kind::none:
      out += "null";
      return;
    case Kind::boolean:
      out += value.truth ? "true" : "false";
      return;
    case Kind::integer:
      out += value.text;
      return;
    case Kind::real:
      python::append_float(out, value.real);
      return;
    case Kind::string:
      python::append_quoted(out, value.text);
      return;
    case Kind::list:
    case Kind::dict:
      break;
  }
  const bool dict = value.kind == Kind::dict;
  out += dict ? '{' : '[';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ", ";
    if (dict) {
      python::append_quoted(out, value.keys[i]);
      out += ": ";
    }
    append_json(value.items[i], out);
  }
  out += dict ? '}' : ']';
}

}  // namespace

PythonValue* PythonValue::find(std::string_view key) {
  if (kind != Kind::dict) return nullptr;
  const auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? nullptr : &items[static_cast<std::size_t>(found - keys.begin())];
}

PythonValue python_value(const RawValue& value) {
  PythonValue result;
  JsonScanner inside(value.begin);
  switch (value.kind) {
    case RawValue::Kind::absent:
    case RawValue::Kind::null:
      break;
    case RawValue::Kind::true_:
    case RawValue::Kind::false_:
      result.kind = Kind::boolean;
      result.truth = value.kind == RawValue::Kind::true_;
      break;
    case RawValue::Kind::integer:
      result.kind = Kind::integer;
      result.text = value.text() == "-0" ? "0" : value.text();
      break;
    case RawValue::Kind::real:
      result.kind = Kind::real;
      result.real = python_real(value.text());
      break;
    case RawValue::Kind::string:
      result.kind = Kind::string;
      result.text = unescaped(value);
      break;
    case RawValue::Kind::list:
      result.kind = Kind::list;
      inside.list([&] {
        RawValue item;
        if (!inside.value(item)) return false;
        result.items.push_back(python_value(item));
        return true;
      });
      break;
    case RawValue::Kind::dict:
      result.kind = Kind::dict;
      inside.object([&](const RawValue& key) {
        RawValue item;
        if (!inside.value(item)) return false;
        const std::string name = unescaped(key);
        if (PythonValue* earlier = result.find(name)) {
          *earlier = python_value(item);
        } else {
          result.keys.push_back(name);
          result.items.push_back(python_value(item));
        }
        return true;
      });
      break;
  }
  return result;
}

PythonValue parse_python_json(const std::string& json, const std::string& where) {
  std::string padded = json;
  padded.append(ByteBlock::size + 1, '\0');
  JsonScanner scanner(padded.data());
  RawValue value;
  scanner.skip_white();
  bool good = scanner.value(value);
  scanner.skip_white();
  good = good && scanner.position() == padded.data() + json.size();
  if (!good) throw DataError(where + ": is not JSON");
  return python_value(value);
}

double python_real(std::string_view number) {
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

std::string unescaped(const RawValue& string) {
  if (!string.escaped) return std::string(string.text());
  std::string result;
  for (const char* p = string.begin; p < string.end;) {
    if (*p != '\\') {
      result += *p++;
    } else if (p[1] != 'u') {
      result += simple_escape(p[1]);
      p += 2;
    } else {
      char encoded[4];
      result.append(encoded, encode_utf8(decode_escape(p, string.end), encoded));
    }
  }
  return result;
}

std::string python_str(const PythonValue& value) {
  if (value.kind == Kind::string) return value.text;
  std::string result;
  append_repr(value, result);
  return result;
}

std::string python_json(const PythonValue& value) {
  std::string result;
  append_json(value, result);
  return result;
}

bool has_half_surrogate(std::string_view text) {
  for (std::size_t i = text.find('\xED'); i != std::string_view::npos;
       i = text.find('\xED', i + 1)) {
    if (i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xA0) return true;
  }
  return false;
}

}  // namespace winnow::gdo_release
