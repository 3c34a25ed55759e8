#pragma once
// `winnow merge`: descriptor shards of the GDO release become one table of metrics.

#include <iosfwd>
#include <string>
#include <vector>

namespace winnow {

// Takes shards=FOLDER output=FOLDER and options of the table merge (merge.cluster_k=64), writes
// metrics.jsonl, centers.jsonl and report.json into the output folder and prints the report.
// Returns the exit status; throws ConfigError before anything is read, DataError, IoError.
int merge_command(const std::vector<std::string>& overrides, std::ostream& out);

// The options as `--help` prints them.
std::string merge_command_help();

}  // namespace winnow
