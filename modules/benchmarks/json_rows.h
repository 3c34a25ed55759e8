#pragma once
// The objects of a JSON file, each with the line it starts on: one a line, or the elements of one
// array.

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace winnow {

// `automatic` looks at the file's first character.
enum class JsonRowsFormat { automatic, jsonl, json_array };
BOOST_DESCRIBE_ENUM(JsonRowsFormat, automatic, jsonl, json_array)

struct JsonRow {
  std::int64_t line = 0;
  boost::json::object object;
  std::string problem;  // why the row is none; empty for a good one
};

// Blank lines, a byte order mark and CRLF are taken as they come; NaN and Infinity, which Python
// writes, are read as null. Throws IoError where the file cannot be read and DataError where it is
// no array although it should be, or holds more than that.
std::vector<JsonRow> read_json_rows(const std::filesystem::path& file, JsonRowsFormat format);

}  // namespace winnow
