#pragma once
// One walk over a pool that fills a column for each utility estimator and anchor set.
//
// Samples go through in chunks, on several threads, each with a model of its own; within a chunk in
// batches of similar length. What is finished is journaled, so that a killed walk goes on. Memory
// beyond the table does not grow with the pool.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "descriptors/pass.h"
#include "models/torch.h"
#include "utility/estimator.h"

namespace winnow {

struct UtilityPassOptions {
  std::int64_t batch_size = 8;  // what the caches of a core hold; larger ones are slower
  std::int64_t chunk_samples = 256;
  double maximum_failed_share = 0.01;
  bool retry_failed = false;
};
BOOST_DESCRIBE_STRUCT(UtilityPassOptions, (),
                      (batch_size, chunk_samples, maximum_failed_share, retry_failed))
config::Help help(const UtilityPassOptions&);

struct UtilityPassRequest {
  const std::vector<Sample>& samples;
  VisionLanguageModel& model;
  // Visual features of a sample for a model whose parameters equal those of `model`, one per
  // medium. Throws DataError for a sample that has none. Called from several threads.
  std::function<std::vector<VisualTokens>(const Sample&, VisionLanguageModel&)> visual;
  const std::vector<AnchorSet>& anchors;
  std::uint64_t seed = 0;
  // As for a descriptor pass (descriptors/pass.h).
  std::filesystem::path journal = {};
  std::string identity = {};
};

// Of one estimator, all its columns together.
struct UtilityCost {
  double prepare_cpu_seconds = 0.0;  // e.g. the anchors' gradients; this run
  double cpu_seconds = 0.0;          // of scoring, interrupted runs included
  // Estimate: 2 operations for each parameter and token of a forward pass (PassCount).
  double flops = 0.0;
};

struct UtilityPassResult {
  SampleTable table;
  std::vector<FailedRow> failures;           // by row; a row counts when any of its cells failed
  std::map<std::string, UtilityCost> costs;  // by estimator
  double cpu_seconds = 0.0;                  // of the threads that measured, this run
  double earlier_cpu_seconds = 0.0;          // spent on what the journal gave back
  std::size_t resumed_rows = 0;
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

  // Rows in the order of the samples, whose ids differ. Independent of that order, to the bit, of
  // the number of threads and of interruptions. Leaves the model as it was. Throws what the
  // estimators' prepare() throws, DataError when more than maximum_failed_share of the samples
  // failed (with the most frequent reason) or the journal is another pass's, IoError when it cannot
  // be written.
  UtilityPassResult run(const UtilityPassRequest& request) const;

 private:
  std::string identity(const UtilityPassRequest& request, const RowTable& facts) const;

  std::map<std::string, std::unique_ptr<UtilityEstimator>> estimators_;
  UtilityPassOptions options_;
  std::string config_digest_;  // of the table it was made from; empty when made by hand
};

}  // namespace winnow
