#include "config/value.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cassert>

namespace winnow::config {

std::string Origin::text() const { return line > 0 ? file + ":" + std::to_string(line) : file; }

double Value::number() const {
  return is_integer() ? static_cast<double>(integer()) : std::get<double>(data_);
}

const Value* Value::child(const std::string& key) const {
  if (!is_table()) return nullptr;
  for (const auto& [name, value] : table()) {
    if (name == key) return &value;
  }
  return nullptr;
}

Value* Value::child(const std::string& key) {
  return const_cast<Value*>(std::as_const(*this).child(key));
}

const Value* Value::find(const std::string& dotted) const {
  const Value* node = this;
  for (const std::string& key : split_key(dotted)) {
    node = node->child(key);
    if (node == nullptr) return nullptr;
  }
  return node;
}

Value* Value::find(const std::string& dotted) {
  return const_cast<Value*>(std::as_const(*this).find(dotted));
}

const Value& Value::at(const std::string& dotted) const {
  const Value* node = this;
  std::string path;
  for (const std::string& key : split_key(dotted)) {
    const Value* next = node->child(key);
    if (next == nullptr) {
      if (!node->is_table()) fail_value(*node, path, "expected a table that holds '" + key + "'");
      std::vector<std::string> names;
      for (const auto& [name, value] : node->table()) names.push_back(name);
      const std::string where = node->origin().file.empty() ? "" : node->origin().text() + ": ";
      throw ConfigError(where + dotted + ": there is no key '" + join_key(path, key) + "'." +
                        suggestion(key, names));
    }
    node = next;
    path = join_key(path, key);
  }
  return *node;
}

void Value::set(const std::string& dotted, Value value) {
  Value* node = this;
  for (const std::string& key : split_key(dotted)) {
    if (!node->is_table()) *node = Value(Table{}, value.origin());
    Value* next = node->child(key);
    if (next == nullptr) {
      node->table().emplace_back(key, Value(Table{}, value.origin()));
      next = &node->table().back().second;
    }
    node = next;
  }
  *node = std::move(value);
}

bool Value::erase(const std::string& dotted) {
  std::vector<std::string> keys = split_key(dotted);
  const std::string last = keys.back();
  keys.pop_back();
  Value* node = this;
  for (const std::string& key : keys) {
    node = node->child(key);
    if (node == nullptr) return false;
  }
  if (!node->is_table()) return false;
  return std::erase_if(node->table(), [&](const auto& entry) { return entry.first == last; }) > 0;
}

std::string Value::type_name() const {
  static const char* const names[] = {"table", "array", "string", "integer", "float", "boolean"};
  return names[data_.index()];
}

std::string Value::to_json() const {
  std::string text;
  if (is_table()) {
    std::vector<const Table::value_type*> entries;
    for (const auto& entry : table()) entries.push_back(&entry);
    std::sort(entries.begin(), entries.end(),
              [](const auto* left, const auto* right) { return left->first < right->first; });
    for (const auto* entry : entries) {
      text += (text.empty() ? "" : ",") + boost::json::serialize(boost::json::value(entry->first)) +
              ":" + entry->second.to_json();
    }
    return "{" + text + "}";
  }
  if (is_array()) {
    for (const Value& element : array()) text += (text.empty() ? "" : ",") + element.to_json();
    return "[" + text + "]";
  }
  if (is_string()) return boost::json::serialize(boost::json::value(string()));
  text = to_text();
  // JSON has no word for these.
  return text == "inf" || text == "-inf" || text == "nan" ? '"' + text + '"' : text;
}

void fail_value(const Value& value, const std::string& path, const std::string& problem) {
  std::string text = value.to_text();
  if (constexpr std::size_t longest = 80; text.size() > longest) {
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "...";
  }
  const Origin& origin = value.origin();
  if (!origin.key.empty()) {
    throw ConfigError(origin.key_written + ": " + origin.key + " = " + text + ", taken for " +
                      path + " (" + origin.text() + "): " + problem);
  }
  const std::string where = origin.file.empty() ? "" : origin.text() + ": ";
  throw ConfigError(where + (path.empty() ? text : path + " = " + text) + ": " + problem);
}

}  // namespace winnow::config
