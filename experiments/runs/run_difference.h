#pragma once
// How two runs differ: by config, code and inputs.

#include <vector>

#include "experiments/runs/run_folder.h"
#include "report/table.h"

namespace winnow {

// Tables "Config" (keys whose values differ, with where they were written; the table `run` does not
// count), "Code" (commit, build, libraries, machine) and "Inputs" (digests of pools, base models,
// subsets and weights). A table without a difference says so in a note. Throws DataError.
std::vector<Table> run_difference(const Run& a, const Run& b);

}  // namespace winnow
