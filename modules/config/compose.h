#pragma once
// One config out of many small TOML files and the command line: Hydra's ideas on TOML. README.md
// explains the rules; overrides.h and interpolate.h the two small languages.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/overrides.h"
#include "config/value.h"

namespace winnow::config {

struct ComposeRequest {
  // Folders that hold config files; the first that has a file wins. A user's own comes first.
  std::vector<std::filesystem::path> directories;
  // The root config's file name without extension.
  std::string root = "winnow";
  // As on the command line, see overrides.h. An override is a group choice when a folder has its
  // key's name and its value is a name.
  std::vector<std::string> overrides;
};

// The composed config: defaults merged, overrides applied, references replaced. Every value knows
// its origin. Throws ConfigError (one clear message), also where two overrides are of one key, or
// IoError.
Value compose(const ComposeRequest& request);

// Groups and the names of their options, as --help lists them.
std::map<std::string, std::vector<std::string>> list_groups(
    const std::vector<std::filesystem::path>& directories);

}  // namespace winnow::config
