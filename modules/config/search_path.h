#pragma once
// Where config files are: several folders of the same layout, the first match wins.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/value.h"

namespace winnow::config {

class SearchPath {
 public:
  // Throws ConfigError when one of `directories` is no folder.
  explicit SearchPath(std::vector<std::filesystem::path> directories);

  // `name` is relative and without extension: "winnow", "selector/gdo".
  bool has_file(const std::string& name) const;
  bool has_group(const std::string& group) const;
  // Parsed once. Requires has_file(name).
  const Value& load(const std::string& name);
  // Sorted names of the files in a group ("" for the top), or of all groups ("trainer/optimizer").
  std::vector<std::string> options(const std::string& group) const;
  std::vector<std::string> groups() const;
  // "configs, /home/me/configs", for messages.
  std::string text() const;

 private:
  std::optional<std::filesystem::path> find(const std::string& name) const;

  std::vector<std::filesystem::path> directories_;
  std::map<std::string, Value> loaded_;
};

}  // namespace winnow::config
