#pragma once
// `winnow export`: a pool, or a selection of it, as the data of another training program.

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "config/value.h"

namespace winnow {

struct ExportRequest {
  std::vector<std::string> overrides;
  std::vector<std::filesystem::path> directories;  // of configs
  // Called with the composed config before any data is read.
  std::function<void(const config::Value&)> prepare;
  std::filesystem::path results;  // where generated pools and runs are
};

// Composes configs/export_pool.toml with the overrides and leaves the folder that `output` names
// (output_folder.h): the exporter's files, report.json, config.toml and made_by.json. Without a
// selection all rows in the pool's order. Prints what was written and its warnings, and returns 0.
// Throws ConfigError for options and paths that cannot work, before any data is read, DataError for
// a selection of other samples than the pool's, and what the exporter throws.
int export_command(const ExportRequest& request, std::ostream& out);

}  // namespace winnow
