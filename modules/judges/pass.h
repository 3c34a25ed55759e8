#pragma once
// The walk over a pool that fills a column for each judge.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "judges/judge.h"
#include "measuring/walk.h"

namespace winnow {

struct UnjudgedRow : FailedRow {
  std::string column;
};

struct JudgePassResult {
  SampleTable table;
  std::vector<UnjudgedRow> failures;  // by column, then row
  std::map<std::string, JudgeCost> costs;
};

class JudgePass {
 public:
  // By the name of the column.
  explicit JudgePass(std::map<std::string, std::unique_ptr<Judge>> judges);

  // From a config table: one judge, when it has a `type`, under the table's own name, else one for
  // each sub-table under the sub-table's. `path` is the table's place in the config ("judge").
  static JudgePass from_config(const config::Value& table, const std::string& path);

  std::vector<std::string> columns() const;
  // Digest of what the columns depend on, the samples aside.
  std::string identity() const;
  // By column.
  std::map<std::string, double> maximum_failed_shares() const;

  // A table of the pool's rows; those that are not wanted are missing. Independent of the number of
  // threads. Waits for answers, and so runs on as many threads as the judges' limits say, whatever
  // the number of cores. What was answered before a failure or a kill is in `cache` and costs
  // nothing the next time. Throws what Judge::open, judge and walk() throw, IoError when the judge
  // is gone.
  JudgePassResult run(const Pool& pool, const std::filesystem::path& cache, std::uint64_t seed,
                      const WantedRows& rows = {}) const;

 private:
  std::map<std::string, std::unique_ptr<Judge>> judges_;
};

}  // namespace winnow
