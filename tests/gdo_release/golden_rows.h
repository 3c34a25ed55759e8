#pragma once
// Recorded rows of the GDO release, for its tests.

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/files.h"
#include "gdo_release/select/scan/pair.h"
#include "golden.h"
#include "temporary_folder.h"

namespace winnow::testing_support {

inline std::vector<std::string> golden_lines(const std::string& name) {
  std::vector<std::string> lines;
  std::istringstream content(read_golden("gdo_release/" + name));
  for (std::string line; std::getline(content, line);) lines.push_back(line);
  return lines;
}

inline std::vector<boost::json::value> golden_rows(const std::string& name) {
  std::vector<boost::json::value> rows;
  for (const std::string& line : golden_lines(name)) rows.push_back(boost::json::parse(line));
  return rows;
}

inline boost::json::value golden_json(const std::string& name) {
  return boost::json::parse(read_golden("gdo_release/" + name));
}

// The golden file, unpacked into the running test's folder.
inline std::filesystem::path golden_copy(const std::string& name) {
  const std::filesystem::path path = temporary_folder() / name;
  write_file(path, read_golden("gdo_release/" + name));
  return path;
}

// The two files of a recorded pool, unpacked.
inline gdo_release::ScanOptions golden_pool(const std::string& folder) {
  gdo_release::ScanOptions options;
  options.onevision = golden_copy(folder + "/onevision.jsonl");
  options.video = golden_copy(folder + "/video.jsonl");
  return options;
}

inline std::string text_at(const boost::json::value& row, const char* key) {
  return std::string(row.at(key).as_string());
}

}  // namespace winnow::testing_support
