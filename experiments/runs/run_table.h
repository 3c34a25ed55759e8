#pragma once
// Runs as a table and as JSON.

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/runs/run_folder.h"
#include "report/table.h"

namespace winnow {

// Rows: runs as they are given. `further`: keys (run_filter.h) that are columns, too. `in_seconds`:
// ages for programs, else "3 h" for people.
Table run_table(const std::vector<Run>& runs, const std::vector<std::string>& further,
                std::int64_t now, bool in_seconds = false);

// [{name, folder, experiment, overrides, state, message, age_seconds, commit, modified, host,
// command, cpu_seconds, methods}]; what a run does not have is null.
boost::json::array run_list(const std::vector<Run>& runs, std::int64_t now);

// By a key, rising, or falling with a '-' before it; runs without one come last. Equal ones stay in
// their order. Throws ConfigError for a key that no run has.
void sort_runs(std::vector<Run>& runs, const std::string& key, std::int64_t now);

// One run: what it is, what differs from its experiment's config and where that was written, and
// its methods.
std::vector<Table> run_tables(const Run& run, std::int64_t now);

}  // namespace winnow
