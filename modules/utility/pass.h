#pragma once
// The walk over a pool that fills a column for each utility estimator and anchor set: every thread
// with a model of its own, within a chunk in batches of similar length.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "measuring/walk.h"
#include "models/torch.h"
#include "utility/estimator.h"

namespace winnow {

struct UtilityPassOptions : WalkOptions {
  std::int64_t batch_size = 8;  // what the caches of a core hold; larger ones are slower
};
BOOST_DESCRIBE_STRUCT(UtilityPassOptions, (WalkOptions), (batch_size))
config::Help help(const UtilityPassOptions&);

struct UtilityPassRequest {
  const Pool& pool;
  VisionLanguageModel& model;
  // Visual features of a sample for a model whose parameters equal those of `model`, one per
  // medium. Throws DataError for a sample that has none. Called from several threads.
  std::function<std::vector<VisualTokens>(const Sample&, VisionLanguageModel&)> visual;
  const std::vector<AnchorSet>& anchors;
  std::uint64_t seed = 0;
  // As for every walk (measuring/walk.h).
  std::filesystem::path journal = {};
  // What else results depend on and the pass cannot see, e.g. how frames are sampled: a journal of
  // another identity is dropped. Samples, estimators, anchors, weights and seed are seen.
  std::string identity = {};
  // The rows to measure, all by default; the others are missing.
  WantedRows rows = {};
};

// Of one estimator, all its columns together.
struct UtilityCost {
  double prepare_cpu_seconds = 0.0;  // e.g. the anchors' gradients; this run
  double cpu_seconds = 0.0;          // of scoring, interrupted runs included
  // Estimate: 2 operations for each parameter and token of a forward pass (PassCount).
  double flops = 0.0;
};

struct UtilityPassResult : WalkResult {
  std::map<std::string, UtilityCost> costs;  // by estimator
};

class UtilityPass {
 public:
  // By the name of the column, or of the columns before a dot and the anchor set's name.
  UtilityPass(std::map<std::string, std::unique_ptr<UtilityEstimator>> estimators,
              UtilityPassOptions options);

  // From a config table: one estimator, when it has a `type`, under the table's own name, else one
  // for each sub-table under the sub-table's. `path` is the table's place in the config
  // ("utility").
  static UtilityPass from_config(const config::Value& table, const std::string& path,
                                 UtilityPassOptions options);

  bool uses_anchors() const;
  // "<estimator>", or "<estimator>.<set>" for each set when it uses anchors and there are several.
  std::vector<std::string> columns(const std::vector<std::string>& anchor_sets) const;

  // A table of the pool's rows. Independent of their order, to the bit, of the number of threads
  // and of interruptions. Leaves the model as it was. Throws what the estimators' prepare() and
  // walk() throw.
  UtilityPassResult run(const UtilityPassRequest& request) const;

 private:
  Identity identity(const UtilityPassRequest& request) const;

  std::map<std::string, std::unique_ptr<UtilityEstimator>> estimators_;
  UtilityPassOptions options_;
  std::string config_digest_;  // of the table it was made from; empty when made by hand
};

}  // namespace winnow
