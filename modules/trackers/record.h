#pragma once
// What a run says to its trackers, one record at a time, and the line of JSON that a journal keeps
// of it. A number comes back from its line to the last bit, NaN and infinities too.

#include <boost/describe.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace winnow {

enum class RecordKind {
  start,      // key: name to show; text: what the run is one of (a sweep), or identity of a child
  resume,     // the run had ended, and goes on
  scalars,    // step, values
  parameter,  // key, text: what tells this run from others like it
  setting,    // key, text: a line of its composed config
  tag,        // key, text: what it was made by
  text,       // step, key, text: Markdown
  image,      // step, key; text: a PNG file in the journal's folder
  artifact,   // key: name; text: a file in the journal's folder
  finish      // text: finished, failed or killed
};
BOOST_DESCRIBE_ENUM(RecordKind, start, resume, scalars, parameter, setting, tag, text, image,
                    artifact, finish)

using Scalars = std::vector<std::pair<std::string, double>>;

struct Record {
  RecordKind kind = RecordKind::scalars;
  std::string run = {};  // empty: the run itself, else the path of one of its children
  double time = 0.0;     // seconds since 1970
  std::int64_t step = 0;
  std::string key = {}, text = {};
  Scalars values = {};
};

// Without a line break.
std::string to_line(const Record& record);
// Throws DataError for what is no record.
Record from_line(std::string_view line);

// The number in JSON, shortest form; what is no finite number as "NaN", "Infinity", "-Infinity" in
// quotes.
std::string json_number(double value);
// The text as a JSON string, quotes included.
std::string json_text(std::string_view text);

// Seconds since 1970.
double seconds_now();

// The path of a child: its parent's path, a slash and its name.
std::string child_path(const std::string& parent, const std::string& name);
// Of a child's path the parent's; empty for a child of the run itself.
std::string parent_path(const std::string& path);

}  // namespace winnow
