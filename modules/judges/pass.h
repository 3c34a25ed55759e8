#pragma once
// One walk over a pool that fills a column for each judge.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "judges/judge.h"
#include "pool/sample_table.h"

namespace winnow {

struct UnjudgedRow {
  std::size_t row = 0;
  std::string column, id, reason;
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

  // Rows in the order of the samples; independent of the number of threads. Waits for answers, and
  // so runs on as many threads as the judges' limits say, whatever the number of cores. What was
  // answered before a failure or a kill is in `cache` and costs nothing the next time. Throws what
  // Judge::open and judge throw, DataError when more than maximum_failed_share of the samples have
  // no score (with the most frequent reasons), IoError when the judge is gone.
  JudgePassResult run(const std::vector<Sample>& samples, const std::filesystem::path& cache,
                      std::uint64_t seed) const;

 private:
  std::map<std::string, std::unique_ptr<Judge>> judges_;
};

// Throws DataError, with the most frequent reasons, when `failures` (of one column) are more than
// `maximum_share` of `total`.
void check_unjudged(const std::vector<UnjudgedRow>& failures, std::size_t total,
                    double maximum_share);

}  // namespace winnow
