#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "gdo_release/python/json_bytes.h"
#include "gdo_release/python/python_json.h"

namespace winnow::python {
namespace {

// Re-written value by value. `reader` stands before one.
void append_next(std::string& out, JsonReader& reader) {
  switch (reader.kind()) {
    case JsonKind::null:
      reader.skip();
      out += "null";
      return;
    case JsonKind::boolean:
      out += reader.boolean() ? "true" : "false";
      return;
    case JsonKind::number: {
      const std::string_view number = reader.skip();
      const bool integer = number.find_first_of(".eEIN") == std::string_view::npos;
      if (integer) {
        out += number == "-0" ? "0" : number;
      } else {
        JsonReader again(number);
        append_float(out, again.number());
      }
      return;
    }
    case JsonKind::text: {
      std::string scratch;
      append_text(out, reader.text(scratch));
      return;
    }
    case JsonKind::list: {
      reader.list();
      out += '[';
      for (bool first = true; reader.next_element(); first = false) {
        if (!first) out += ", ";
        append_next(out, reader);
      }
      out += ']';
      return;
    }
    case JsonKind::object: {
      // A key stands where it was first met, with the value that came last.
      std::vector<std::pair<std::string, std::string_view>> entries;
      std::string scratch;
      std::string_view key;
      for (reader.object(); reader.next_key(key, scratch);) {
        std::size_t place = 0;
        while (place < entries.size() && entries[place].first != key) ++place;
        if (place == entries.size()) entries.emplace_back(key, std::string_view());
        entries[place].second = reader.skip();
      }
      out += '{';
      for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i > 0) out += ", ";
        append_text(out, entries[i].first);
        out += ": ";
        append_value(out, entries[i].second);
      }
      out += '}';
      return;
    }
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

void append_text(std::string& out, std::string_view text) {
  if (!simdjson::validate_utf8(text)) throw JsonLimit("half a surrogate pair cannot be written");
  append_quoted(out, text);
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

void append_value(std::string& out, std::string_view value) {
  JsonReader reader(value);
  append_next(out, reader);
}

}  // namespace winnow::python
