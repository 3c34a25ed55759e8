#include "config/read.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

#include "core/files.h"

namespace winnow::config {
namespace fs = std::filesystem;
namespace {

constexpr int kDeepest = 100;  // parts of a key, brackets in one another

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Value convert(const toml::node& node, const Origin& origin) {
  if (const auto* table = node.as_table()) {
    struct Entry {
      toml::source_position position;
      std::string key;
      const toml::node* node;
    };
    std::vector<Entry> entries;
    for (const auto& [key, child] : *table) {
      entries.push_back({key.source().begin, std::string(key.str()), &child});
    }
    // toml++ sorts keys; people wrote them in an order that means something to them.
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& left, const Entry& right) {
      return left.position < right.position;
    });
    Value::Table result;
    for (const Entry& entry : entries) {
      result.emplace_back(
          entry.key, convert(*entry.node, {origin.file, static_cast<int>(entry.position.line)}));
    }
    return Value(std::move(result), origin);
  }
  if (const auto* array = node.as_array()) {
    Value::Array result;
    for (const toml::node& element : *array) {
      result.push_back(
          convert(element, {origin.file, static_cast<int>(element.source().begin.line)}));
    }
    return Value(std::move(result), origin);
  }
  if (const auto* text = node.as_string()) return Value(text->get(), origin);
  if (const auto* integer = node.as_integer()) return Value(std::int64_t{integer->get()}, origin);
  if (const auto* number = node.as_floating_point()) return Value(number->get(), origin);
  if (const auto* boolean = node.as_boolean()) return Value(boolean->get(), origin);
  throw ConfigError(origin.text() +
                    ": dates and times are not values of a config; put the text in double quotes");
}

// A number or boolean exactly as TOML reads it; nothing for any other word.
std::optional<Value> scalar(const std::string& word, const Origin& origin) {
  if (word.find_first_not_of(
          "+-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") !=
      std::string::npos) {
    return std::nullopt;
  }
  try {
    const toml::table parsed = toml::parse("value = " + word);
    const toml::node* node = parsed.get("value");
    if (!node->is_integer() && !node->is_floating_point() && !node->is_boolean()) {
      return std::nullopt;
    }
    return convert(*node, origin);
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

// Recursive descent over what people type after a key.
class TypedValue {
 public:
  TypedValue(const std::string& text, const std::string& key, const Origin& origin)
      : text_(text), key_(key), origin_(origin) {}

  Value whole() {
    Value result = value("");
    skip_spaces();
    if (position_ < text_.size()) wrong("unexpected '" + text_.substr(position_) + "'");
    return result;
  }

 private:
  [[noreturn]] void wrong(const std::string& problem) const {
    throw ConfigError(origin_.text() + ": " + key_ + " = " + text_ + ": " + problem);
  }

  void skip_spaces() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\t')) {
      ++position_;
    }
  }

  bool take(char wanted) {
    skip_spaces();
    if (position_ >= text_.size() || text_[position_] != wanted) return false;
    ++position_;
    return true;
  }

  // `ends` are the characters that end a bare word here.
  Value value(const std::string& ends) {
    if (++depth_ > kDeepest) {
      throw ConfigError(fmt::format("{}: {}: more than {} brackets in one another", origin_.text(),
                                    key_, kDeepest));
    }
    Value result = value_here(ends);
    --depth_;
    return result;
  }

  Value value_here(const std::string& ends) {
    if (take('[')) return list();
    if (take('{')) return table();
    if (position_ < text_.size() && (text_[position_] == '"' || text_[position_] == '\'')) {
      return Value(quoted(), origin_);
    }
    const std::string word = bare(ends);
    if (std::optional<Value> found = scalar(word, origin_)) return *found;
    return Value(word, origin_);
  }

  Value list() {
    Value::Array elements;
    while (!take(']')) {
      if (position_ >= text_.size()) wrong("the list is not closed with ']'");
      elements.push_back(value(",]"));
      if (!take(',')) {
        if (take(']')) break;
        wrong("the list is not closed with ']'");
      }
    }
    return Value(std::move(elements), origin_);
  }

  Value table() {
    Value result(Value::Table{}, origin_);
    while (!take('}')) {
      skip_spaces();
      if (position_ >= text_.size()) wrong("the table is not closed with '}'");
      const bool has_quote = text_[position_] == '"' || text_[position_] == '\'';
      const std::string name = has_quote ? quoted() : bare("=,}");
      if (name.empty() || !take('=')) wrong("expected {key = value, ...}");
      if (result.child(name) != nullptr) wrong("the key '" + name + "' appears twice");
      result.table().emplace_back(name, value(",}"));
      if (!take(',')) {
        if (take('}')) break;
        wrong("the table is not closed with '}'");
      }
    }
    return result;
  }

  std::string bare(const std::string& ends) {
    const std::size_t start = position_;
    int depth = 0;  // inside ${...}, where commas belong to the word
    for (; position_ < text_.size(); ++position_) {
      if (text_.compare(position_, 2, "${") == 0) ++depth;
      if (text_[position_] == '}' && depth > 0) {
        --depth;
        continue;
      }
      if (depth == 0 && ends.find(text_[position_]) != std::string::npos) break;
    }
    return trimmed(text_.substr(start, position_ - start));
  }

  std::string quoted() {
    const char quote = text_[position_];
    const std::size_t start = position_++;
    while (position_ < text_.size() && text_[position_] != quote) {
      if (quote == '"' && text_[position_] == '\\') ++position_;
      ++position_;
    }
    if (position_ >= text_.size()) wrong("the quote is not closed");
    ++position_;
    try {
      const auto parsed = toml::parse("value = " + text_.substr(start, position_ - start));
      return *parsed["value"].value<std::string>();
    } catch (const toml::parse_error& error) {
      wrong(std::string(error.description()));
    }
  }

  const std::string& text_;
  const std::string& key_;
  const Origin& origin_;
  std::size_t position_ = 0;
  int depth_ = 0;
};

std::string shown_path(const fs::path& path) {
  std::error_code error;
  const fs::path near = fs::proximate(path, error);
  return error || near.empty() || *near.begin() == ".." ? path.lexically_normal().string()
                                                        : near.string();
}

// toml++ follows a dotted key by recursion, without an end to it.
void check_depth_of_keys(std::string_view text, const std::string& name) {
  int line = 1, dots = 0;
  bool in_key = true;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dots = 0;
      in_key = true;
    } else if (c == '=') {
      in_key = false;
    } else if (c == '.' && in_key && ++dots >= kDeepest) {
      throw ConfigError(fmt::format("{}:{}: a key of more than {} parts", name, line, kDeepest));
    }
  }
}

}  // namespace

Value parse_toml(std::string_view text, const std::string& name) {
  check_depth_of_keys(text, name);
  try {
    return convert(toml::parse(text, name), {name, 0});
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    throw ConfigError(name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
                      ": not valid TOML: " + std::string(error.description()));
  }
}

Value read_toml(const fs::path& path) { return parse_toml(read_file(path), shown_path(path)); }

Value parse_value(const std::string& text, const std::string& key, const Origin& origin) {
  return TypedValue(text, key, origin).whole();
}

std::vector<std::string> split_outside_brackets(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  int depth = 0;
  char quote = 0;
  char before = ',';  // the last character that is no space: a quote starts only a new word
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"' && i + 1 < text.size()) {
        parts.back() += c;
        parts.back() += text[++i];
        continue;
      }
      if (c == quote) quote = 0;
    } else if ((c == '"' || c == '\'') &&
               std::string_view(",[{=").find(before) != std::string::npos) {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    } else if (c == separator && depth == 0) {
      parts.emplace_back();
      before = ',';
      continue;
    }
    parts.back() += c;
    if (c != ' ') before = c;
  }
  for (std::string& part : parts) part = trimmed(part);
  return parts;
}

}  // namespace winnow::config
