#include "gdo_release/python/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gdo_release/python/json_writer.h"
#include "gdo_release/python/text.h"

namespace winnow::gdo_release::python {
namespace {

using Kind = Value::Kind;

std::string repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string result;
  append_float(result, value);
  return result;
}

std::string repr(std::string_view text) {
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

void append_repr(const Value& value, std::string& out) {
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
      out += repr(value.real);
      return;
    case Kind::string:
      out += repr(value.text);
      return;
    case Kind::list:
    case Kind::dict:
      break;
  }
  const bool dict = value.kind == Kind::dict;
  out += dict ? '{' : '[';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ", ";
    if (dict) out += repr(value.keys[i]) + ": ";
    append_repr(value.items[i], out);
  }
  out += dict ? '}' : ']';
}

}  // namespace

Value* Value::find(std::string_view key) {
  if (kind != Kind::dict) return nullptr;
  const auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? nullptr : &items[static_cast<std::size_t>(found - keys.begin())];
}

Value value_of(const RawValue& value) {
  Value result;
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
      result.real = float_of_number(value.text());
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
        result.items.push_back(value_of(item));
        return true;
      });
      break;
    case RawValue::Kind::dict:
      result.kind = Kind::dict;
      inside.object([&](const RawValue& key) {
        RawValue item;
        if (!inside.value(item)) return false;
        const std::string name = unescaped(key);
        if (Value* earlier = result.find(name)) {
          *earlier = value_of(item);
        } else {
          result.keys.push_back(name);
          result.items.push_back(value_of(item));
        }
        return true;
      });
      break;
  }
  return result;
}

std::optional<Value> parse_json(std::string_view json) {
  std::string buffer;
  const char* const begin = padded(json, buffer);
  JsonScanner scanner(begin);
  RawValue value;
  scanner.skip_white();
  if (!scanner.value(value) || !scanner.ends_at(begin + json.size())) return std::nullopt;
  return value_of(value);
}

std::string str(const Value& value) {
  if (value.kind == Kind::string) return value.text;
  std::string result;
  append_repr(value, result);
  return result;
}

}  // namespace winnow::gdo_release::python
