#pragma once
// Exporters by their options, and the rows that they write.

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "config/value.h"
#include "core/files.h"
#include "pool/exporter.h"

namespace winnow::testing_support {

using Options = std::map<std::string, std::string>;

// `options` hold the type.
inline std::unique_ptr<Exporter> make_exporter(const Options& options) {
  config::Value table;
  for (const auto& [key, value] : options) {
    table.set(key, config::Value(value, config::Origin{"test", 0}));
  }
  return exporters().create(table, "export");
}

// Rows of a data file, one text a row; an array holds a row a line.
inline std::vector<std::string> rows_of(const std::filesystem::path& file) {
  std::vector<std::string> rows;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with(',')) line.pop_back();
    if (line.starts_with('{')) rows.push_back(line);
  }
  return rows;
}

}  // namespace winnow::testing_support
