#include "gdo_release/python/json_writer.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <utility>

#include "gdo_release/python/byte_block.h"
#include "gdo_release/python/text.h"

namespace winnow::gdo_release::python {
namespace {

constexpr const char* kHalfSurrogate = "half a surrogate pair cannot be written";

// First of a quote, a backslash and a control character.
const char* end_of_plain_text(const char* at, const char* end) {
  for (; at < end; at += ByteBlock::size) {
    const ByteBlock block = partial_block(at, end - at);
    const std::uint32_t special = block.equal('"') | block.equal('\\') | block.control();
    if (special != 0) return std::min(at + std::countr_zero(special), end);
  }
  return end;
}

void append_indented(const boost::json::value& value, std::size_t depth, std::string& out) {
  const auto new_line = [&](std::size_t level) { out.append(1, '\n').append(2 * level, ' '); };
  const auto items = [&](const auto& container, char open, char close, auto put) {
    out += open;
    const char* separator = "";
    for (const auto& item : container) {
      out += std::exchange(separator, ",");
      new_line(depth + 1);
      put(item);
    }
    if (!container.empty()) new_line(depth);
    out += close;
  };
  switch (value.kind()) {
    case boost::json::kind::object:
      items(value.get_object(), '{', '}', [&](const boost::json::key_value_pair& entry) {
        append_quoted(out, {entry.key().data(), entry.key().size()});
        out += ": ";
        append_indented(entry.value(), depth + 1, out);
      });
      break;
    case boost::json::kind::array:
      items(value.get_array(), '[', ']',
            [&](const boost::json::value& item) { append_indented(item, depth + 1, out); });
      break;
    case boost::json::kind::string:
      append_quoted(out, {value.get_string().data(), value.get_string().size()});
      break;
    case boost::json::kind::double_:
      append_float(out, value.get_double());
      break;
    case boost::json::kind::null:
    case boost::json::kind::bool_:
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
      out += boost::json::serialize(value);
      break;
  }
}

}  // namespace

void append_float(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
    return;
  }
  if (value == 0.0) {
    out += std::signbit(value) ? "-0.0" : "0.0";
    return;
  }
  // "d.ddde+XX" or "de+XX", negative with a sign in front.
  char buffer[40];
  const char* const end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const char* at = buffer;
  if (*at == '-') out += *at++;
  const char* mark = at;
  while (*mark != 'e') ++mark;
  int exponent = 0;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
  char digits[24];
  int count = 0;
  for (; at < mark; ++at) {
    if (*at != '.') digits[count++] = *at;
  }
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (count > 1) (out += '.').append(digits + 1, static_cast<std::size_t>(count - 1));
    out.append(mark, end);  // Python's exponents have two digits at least, as C++'s
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0');
    out.append(digits, static_cast<std::size_t>(count));
  } else if (count <= exponent + 1) {
    out.append(digits, static_cast<std::size_t>(count));
    out.append(static_cast<std::size_t>(exponent + 1 - count), '0').append(".0");
  } else {
    out.append(digits, static_cast<std::size_t>(exponent + 1)) += '.';
    out.append(digits + exponent + 1, static_cast<std::size_t>(count - exponent - 1));
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const char* const special = end_of_plain_text(at, end);
    out.append(at, special);
    at = special;
    if (at == end) break;
    constexpr std::string_view kLetters = "\"\\bfnrt", kMeanings = "\"\\\b\f\n\r\t";
    const std::size_t known = kMeanings.find(*at);
    if (known != std::string_view::npos) {
      (out += '\\') += kLetters[known];
    } else {
      constexpr std::string_view kHexadecimal = "0123456789abcdef";
      (out += "\\u00") += kHexadecimal[static_cast<unsigned char>(*at) >> 4];
      out += kHexadecimal[*at & 0xF];
    }
    ++at;
  }
  out += '"';
}

void append_text(std::string& out, std::string_view text) {
  if (!simdjson::validate_utf8(text)) throw EncodeError(kHalfSurrogate);
  append_quoted(out, text);
}

void append_value(std::string& out, const Value& value) {
  using Kind = Value::Kind;
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
      append_float(out, value.real);
      return;
    case Kind::string:
      append_quoted(out, value.text);
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
      append_quoted(out, value.keys[i]);
      out += ": ";
    }
    append_value(out, value.items[i]);
  }
  out += dict ? '}' : ']';
}

void append_again(std::string& out, const RawValue& value) {
  using Kind = RawValue::Kind;
  if (value.is_string() && !value.escaped) {  // as it is written
    ((out += '"') += value.text()) += '"';
  } else if (value.is_string()) {
    append_text(out, unescaped(value));
  } else if (value.kind == Kind::list || value.kind == Kind::dict) {
    const std::size_t before = out.size();
    append_value(out, parse_json(value.text()).value());
    if (has_half_surrogate(std::string_view(out).substr(before))) throw EncodeError(kHalfSurrogate);
  } else {
    append_value(out, value_of(value));
  }
}

std::string indented_json(const boost::json::value& document) {
  std::string out;
  append_indented(document, 0, out);
  return out;
}

}  // namespace winnow::gdo_release::python
