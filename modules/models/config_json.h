#pragma once
// Reading a checkpoint's `config.json` with errors that say what is wrong where.

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace winnow {

// Bounds beyond which a size is a mistake and not a model.
constexpr std::int64_t kLargestSize = 1 << 20;
constexpr std::int64_t kLargestVocabulary = 1 << 24;
constexpr std::int64_t kMostLayers = 1024;

// One object of the file. Getters throw DataError naming the file, the key with its place, its
// value and what would be right. Refers to the document, which must outlive it.
class ConfigTable {
 public:
  ConfigTable(std::string file, std::string place, const boost::json::object& object)
      : file_(std::move(file)), place_(std::move(place)), object_(object) {}

  [[noreturn]] void refuse(const std::string& key, const std::string& wanted) const;

  // Whether the key is there and not null.
  bool has(const std::string& key) const;
  bool is_list(const std::string& key) const;
  std::int64_t integer(const std::string& key, std::int64_t least, std::int64_t most) const;
  double positive(const std::string& key) const;
  bool boolean(const std::string& key) const;
  std::vector<std::int64_t> integers(const std::string& key, std::int64_t most) const;
  // Three of them, one for each colour.
  std::vector<double> colours(const std::string& key) const;
  // One of `known`; `expect_text` of a single one.
  std::string choice(const std::string& key, const std::vector<std::string>& known) const;
  void expect_text(const std::string& key, const std::string& wanted) const;
  // A key that may be left out, but must have this value where it is there.
  void expect_if_there(const std::string& key, bool wanted) const;
  ConfigTable table(const std::string& key) const;

 private:
  std::string file_, place_;
  const boost::json::object& object_;
};

// The whole of a config.json; `name` is what errors call it. Throws DataError unless it is a JSON
// object.
boost::json::object parse_config_object(const std::string& text, const std::string& name);

// Whether the output layer is the token embedding. The outer key decides, as in the reference; some
// files have only the inner one.
bool read_tied(const ConfigTable& outer, const ConfigTable& text);

}  // namespace winnow
