#pragma once
// The release's score of a pair.

#include <array>
#include <vector>

#include "gdo_release/select/options.h"
#include "gdo_release/select/scan/candidate_pool.h"
#include "gdo_release/select/scan/metric_table.h"
#include "gdo_release/select/score/pool_profile.h"

namespace winnow::gdo_release {

struct ScoreParts {
  double score = 0.0;
  double base = 0.0;     // the text terms, before they are squashed
  double vds3 = 0.0;     // 0 without metrics
  double quality = 0.0;  // the merged quality's z value; 0 without metrics
};

class Score {
 public:
  // `terms` are the metrics' terms at the options' cap; they and the pool must outlive this.
  Score(const CandidatePool& pool, const PoolProfile& profile,
        const std::vector<MetricTerms>& terms, const SelectOptions& options);

  ScoreParts operator()(const Candidate& candidate) const;

 private:
  double difficulty(std::uint32_t length) const;

  struct StratumTerms {
    double alignment = 0.0, temporal = 0.0;  // with their weights
  };
  const std::vector<MetricTerms>& metrics_;
  const std::vector<double>& fluencies_;
  SelectOptions options_;
  double cap_ = 1.0, penalty_ = 0.0;
  std::vector<StratumTerms> strata_;
  std::vector<double> source_priors_;  // with their weight
  std::vector<double> difficulties_;   // of short texts, by length
};

}  // namespace winnow::gdo_release
