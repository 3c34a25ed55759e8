#pragma once
// `winnow select`: rows of a pool's files, as files.

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "config/value.h"

namespace winnow {

struct SelectRequest {
  std::vector<std::string> overrides;
  bool sweep = false;
  std::vector<std::filesystem::path> directories;  // of configs
  // Called with the first composed config before any data is read.
  std::function<void(const config::Value&)> prepare;
  std::filesystem::path results;  // where generated pools are made and found
};

// Composes configs/select.toml with the overrides, selects, and leaves the folder that `output`
// names (output_folder.h): config.toml, made_by.json and what pool_selection.h says; with a sweep a
// sub-folder for each run, named after what sets it apart. All runs of a sweep share what they can
// of reading the pool. Prints a line for each and its warnings, and returns 0. Throws ConfigError
// for options and paths that cannot work, before any data is read, and what the selector throws.
int select_command(const SelectRequest& request, std::ostream& out);

}  // namespace winnow
