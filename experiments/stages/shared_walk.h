#pragma once
// Makers of columns, each a stage by itself, so that one more does not measure the pool again;
// those that are not there yet are measured together, in one walk over the pool.

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "experiments/stages/stage.h"

namespace winnow {

struct SharedWalk {
  StageCache& stages;
  std::set<std::string> makers;  // of the config
  // The stage of one maker: everything that its columns depend on.
  std::function<Stage(const std::string& maker)> column_stage;
  // The columns of one maker in the walk's table.
  std::function<std::vector<std::string>(const std::string& maker)> columns;
  // Measures these makers. Output: `table`, and what keep_failures() writes.
  std::function<StageOutput(const std::vector<std::string>& makers)> walk;
  bool retry_failed = false;
  double maximum_failed_share = 0.0;
  std::string options_table;  // of the config, which an error names
  // What a maker's stage keeps beside its table.
  std::function<void(const std::string& maker, const StageOutput& walked, StageWork&)> keep = {};

  // The outputs of some of the makers, in this order. Output of each: `table`. Facts: rows,
  // failed_rows, walk (the address of the walk that measured it), walk_cpu_seconds and walked_with.
  // Throws DataError where more rows failed than `maximum_failed_share` allows.
  std::vector<StageOutput> run(const std::vector<std::string>& wanted) const;

 private:
  std::set<std::string> to_measure(const std::vector<std::string>& wanted) const;
  void take_columns(const std::string& maker, const StageOutput& walked, StageWork& work) const;
};

}  // namespace winnow
