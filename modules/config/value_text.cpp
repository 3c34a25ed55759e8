// How keys and values are written as TOML.

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "config/value.h"

namespace winnow::config {
namespace {

bool is_bare(const std::string& key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\t':
        result += "\\t";
        break;
      default:
        if (const auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7F) {
          result += fmt::format("\\u{:04X}", byte);
        } else {
          result += c;
        }
    }
  }
  return result + '"';
}

std::string key_text(const std::string& key) { return is_bare(key) ? key : quoted(key); }

std::string number_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

void write_table(const Value& value, const std::string& path, bool with_origins,
                 std::string& output) {
  std::vector<std::pair<std::string, const Value*>> lines;
  std::size_t width = 0;
  for (const auto& [key, child] : value.table()) {
    if (child.is_table()) continue;
    lines.emplace_back(key_text(key) + " = " + child.to_text(), &child);
    // A very long line keeps its comment to itself.
    if (lines.back().first.size() <= 60) width = std::max(width, lines.back().first.size());
  }
  const bool header = !path.empty() && (!lines.empty() || value.table().empty());
  if (header) {
    if (!output.empty()) output += '\n';
    output += "[" + path + "]\n";
  }
  for (const auto& [line, child] : lines) {
    output += line;
    if (with_origins) {
      output += fmt::format("{:<{}}  # {}", "", width - std::min(width, line.size()),
                            child->origin().text());
    }
    output += '\n';
  }
  for (const auto& [key, child] : value.table()) {
    if (child.is_table()) write_table(child, join_key(path, key), with_origins, output);
  }
}

}  // namespace

std::string Value::to_text() const {
  std::string text;
  if (is_table()) {
    if (table().empty()) return "{}";
    for (const auto& [key, value] : table()) {
      text += (text.empty() ? "" : ", ") + key_text(key) + " = " + value.to_text();
    }
    return "{ " + text + " }";
  }
  if (is_array()) {
    for (const Value& element : array()) text += (text.empty() ? "" : ", ") + element.to_text();
    return "[" + text + "]";
  }
  if (is_string()) return quoted(string());
  if (is_integer()) return std::to_string(integer());
  if (is_boolean()) return boolean() ? "true" : "false";
  return number_text(number());
}

std::string Value::to_toml(bool with_origins) const {
  assert(is_table());
  std::string output;
  write_table(*this, "", with_origins, output);
  return output;
}

std::vector<std::string> split_key(const std::string& dotted) {
  std::vector<std::string> segments(1);
  bool inside = false;
  for (std::size_t i = 0; i < dotted.size(); ++i) {
    const char c = dotted[i];
    if (c == '"') {
      inside = !inside;
    } else if (inside && c == '\\' && i + 1 < dotted.size()) {
      segments.back() += dotted[++i];
    } else if (c == '.' && !inside) {
      segments.emplace_back();
    } else {
      segments.back() += c;
    }
  }
  return segments;
}

std::string join_key(const std::string& path, const std::string& key) {
  return path.empty() ? key_text(key) : path + "." + key_text(key);
}

}  // namespace winnow::config
