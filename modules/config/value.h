#pragma once
// A composed configuration value: TOML's types as a tree in which every node remembers where it
// came from. (toml++ drops a node's source when it is copied, hence a tree of our own.)

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/errors.h"

namespace winnow::config {

// Where a value was written. `file` is a path, "command line" or "default of <Struct>".
struct Origin {
  std::string file;
  int line = 0;  // 1-based; 0 where lines make no sense
  // Of a value that is another's, "${budget}": that one's key and where it was written.
  std::string key = {}, key_written = {};
  // "configs/trainer/sft.toml:12", "command line", ...
  std::string text() const;
};

class Value {
 public:
  using Array = std::vector<Value>;
  // Kept in order of first appearance, so that printing follows the files.
  using Table = std::vector<std::pair<std::string, Value>>;

  Value() : data_(Table{}) {}
  template <class T>
  Value(T data, Origin origin) : data_(std::move(data)), origin_(std::move(origin)) {}

  bool is_table() const { return std::holds_alternative<Table>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(data_); }
  bool is_boolean() const { return std::holds_alternative<bool>(data_); }

  // Typed access; asserts the type (check first, or bind an options struct instead).
  const Table& table() const { return std::get<Table>(data_); }
  Table& table() { return std::get<Table>(data_); }
  const Array& array() const { return std::get<Array>(data_); }
  Array& array() { return std::get<Array>(data_); }
  const std::string& string() const { return std::get<std::string>(data_); }
  std::int64_t integer() const { return std::get<std::int64_t>(data_); }
  double number() const;  // integer or float
  bool boolean() const { return std::get<bool>(data_); }

  const Origin& origin() const { return origin_; }
  void set_origin(Origin origin) { origin_ = std::move(origin); }

  // Direct child by its plain key, or null when there is none or this is no table.
  const Value* child(const std::string& key) const;
  Value* child(const std::string& key);
  // Child by dotted path ("trainer.learning_rate"), or null when there is none. A key that itself
  // holds a dot is quoted: `floors."a.b"`.
  const Value* find(const std::string& dotted) const;
  Value* find(const std::string& dotted);
  // Child by dotted path; throws ConfigError naming the nearest key that exists.
  const Value& at(const std::string& dotted) const;
  // Sets a value by dotted path, creating tables on the way (and replacing what is no table).
  void set(const std::string& dotted, Value value);
  // True when something was there to remove.
  bool erase(const std::string& dotted);

  // "table", "array", "string", "integer", "float", "boolean".
  std::string type_name() const;
  // Canonical JSON with sorted keys: equal configs, equal text. The input to stage digests.
  std::string to_json() const;
  // The value on one line as TOML: 0.5, "text", [1, 2], { a = 1 }.
  std::string to_text() const;
  // Readable TOML of a table, parsable again; with_origins appends "# file:line" to each value.
  std::string to_toml(bool with_origins = false) const;

 private:
  std::variant<Table, Array, std::string, std::int64_t, double, bool> data_;
  Origin origin_;
};

// The segments of a dotted path, and the way back (quoting a key where it needs it).
std::vector<std::string> split_key(const std::string& dotted);
std::string join_key(const std::string& path, const std::string& key);

// Throws ConfigError "configs/trainer/sft.toml:3: trainer.steps = -1: <problem>"; of a value that
// is another's, that one comes first, as it is what a user changes. Also meant for checks that a
// range cannot express.
[[noreturn]] void fail_value(const Value& value, const std::string& path,
                             const std::string& problem);

}  // namespace winnow::config
