#include "config/interpolate.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "config/read.h"

namespace winnow::config {
namespace {

// No config of a person comes near these; one that does would take hours or all memory.
constexpr std::size_t kMostValues = 1'000'000;
constexpr std::size_t kLongestChain = 100;

class Interpolator {
 public:
  explicit Interpolator(const Value& config) : config_(config) {}

  Value resolve(const Value& value, const std::string& path) {
    if (++values_ > kMostValues) {
      fail_value(value, path, "the references expand to more than a million values");
    }
    if (value.is_table()) {
      Value::Table entries;
      for (const auto& [key, child] : value.table()) {
        entries.emplace_back(key, resolve(child, join_key(path, key)));
      }
      return Value(std::move(entries), value.origin());
    }
    if (value.is_array()) {
      Value::Array elements;
      for (std::size_t i = 0; i < value.array().size(); ++i) {
        elements.push_back(resolve(value.array()[i], path + "[" + std::to_string(i) + "]"));
      }
      return Value(std::move(elements), value.origin());
    }
    if (!value.is_string() || value.string().find("${") == std::string::npos) return value;
    if (std::find(stack_.begin(), stack_.end(), path) != stack_.end()) {
      std::string cycle;
      for (auto at = std::find(stack_.begin(), stack_.end(), path); at != stack_.end(); ++at) {
        cycle += *at + " -> ";
      }
      fail_value(value, path, "the references go in a circle: " + cycle + path);
    }
    if (stack_.size() >= kLongestChain) {
      fail_value(value, path,
                 "more than " + std::to_string(kLongestChain) + " references follow one another");
    }
    stack_.push_back(path);
    Value result = expand(value, path);
    stack_.pop_back();
    return result;
  }

 private:
  Value expand(const Value& value, const std::string& path) {
    const std::string& text = value.string();
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
      if (text.compare(i, 3, "$${") == 0) {
        result += "${";
        i += 3;
        continue;
      }
      if (text.compare(i, 2, "${") != 0) {
        result += text[i++];
        continue;
      }
      const std::size_t end = text.find('}', i);
      if (end == std::string::npos) fail_value(value, path, "the reference is not closed with '}'");
      const std::string name = text.substr(i + 2, end - i - 2);
      if (name.find("${") != std::string::npos) {
        fail_value(value, path, "a reference inside of a reference is not possible");
      }
      const bool alone = i == 0 && end + 1 == text.size();
      Value found = refer(name, alone, value, path);
      if (alone) {
        Origin origin = value.origin();
        if (!name.starts_with("env:")) {
          const Origin& first = found.origin();
          const bool is_reference = !first.key.empty();
          origin.key = is_reference ? first.key : name;
          origin.key_written = is_reference ? first.key_written : first.text();
        }
        found.set_origin(std::move(origin));
        return found;
      }
      if (found.is_table() || found.is_array()) {
        fail_value(value, path,
                   "'" + name + "' is a " + found.type_name() + ", which cannot be a part of text");
      }
      result += found.is_string() ? found.string() : found.to_text();
      i = end + 1;
    }
    return Value(std::move(result), value.origin());
  }

  Value refer(const std::string& name, bool typed, const Value& value, const std::string& path) {
    if (!name.starts_with("env:")) return look_up(name, value, path);
    const std::size_t comma = name.find(',');
    const std::string variable = name.substr(4, comma == std::string::npos ? comma : comma - 4);
    const char* found = std::getenv(variable.c_str());
    if (found == nullptr && comma == std::string::npos) {
      fail_value(value, path,
                 "the environment variable '" + variable + "' is not set; ${env:" + variable +
                     ",...} gives a default");
    }
    const std::string text = found != nullptr ? found : name.substr(comma + 1);
    return typed ? parse_value(text, path, value.origin()) : Value(text, value.origin());
  }

  // The resolved value at `name`; the way may lead through a text that refers to a table.
  Value look_up(const std::string& name, const Value& value, const std::string& path) {
    Value holder;  // keeps a table that a reference on the way produced
    const Value* node = &config_;
    std::string at;
    for (const std::string& key : split_key(name)) {
      if (node->is_string()) {
        holder = resolve(Value(*node), at);
        node = &holder;
      }
      const Value* next = node->child(key);
      if (next == nullptr) fail_unknown(name, *node, at, key, value, path);
      node = next;
      at = join_key(at, key);
    }
    const Value target = *node;
    return resolve(target, at);
  }

  [[noreturn]] void fail_unknown(const std::string& name, const Value& parent,
                                 const std::string& at, const std::string& key, const Value& value,
                                 const std::string& path) const {
    std::vector<std::string> known;
    if (parent.is_table()) {
      for (const auto& [other, child] : parent.table()) known.push_back(join_key(at, other));
    }
    // A wrong first key is most often a relative path: look for the name everywhere.
    std::string hint = suggestion(join_key(at, key), known);
    if (nearest_name(join_key(at, key), known).empty()) {
      std::vector<std::string> everywhere;
      collect(config_, "", everywhere);
      for (const std::string& other : everywhere) {
        if (other.ends_with("." + name)) hint = " Did you mean '" + other + "'?";
      }
    }
    fail_value(value, path, "there is no key '" + name + "'." + hint);
  }

  static void collect(const Value& value, const std::string& path,
                      std::vector<std::string>& paths) {
    if (!value.is_table()) return;
    for (const auto& [key, child] : value.table()) {
      const std::string child_path = join_key(path, key);
      paths.push_back(child_path);
      collect(child, child_path, paths);
    }
  }

  const Value& config_;
  std::vector<std::string> stack_;
  std::size_t values_ = 0;
};

}  // namespace

Value interpolate(const Value& config) { return Interpolator(config).resolve(config, ""); }

}  // namespace winnow::config
