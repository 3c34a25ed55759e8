#pragma once
// The inside of a utility pass: how the samples of a chunk are scored.

#include <memory>
#include <string>
#include <vector>

#include "measuring/column_maker.h"
#include "utility/pass.h"

namespace winnow::detail {

// Totals of a chunk for each estimator: CPU seconds and operations.
inline constexpr std::size_t kCostTotals = 2;

// An estimator of the pass, ready to score.
struct Prepared {
  std::string name;
  PassCount passes;
  bool uses_anchors = false;
  std::size_t first_column = 0, columns = 0;
  std::unique_ptr<UtilityScorer> scorer;
};

// Scores the samples of a chunk with one model on the calling thread.
class ChunkScoring {
 public:
  // `columns`: of all estimators together.
  ChunkScoring(const UtilityPassRequest& request, const std::vector<Prepared>& prepared,
               std::size_t columns, std::size_t batch_size, VisionLanguageModel& model);

  // One row per sample, in order, and the costs of all estimators.
  MeasuredChunk run(const std::vector<Sample>& samples);

 private:
  void score(std::size_t e, const std::vector<MeasuredRow*>& rows,
             const std::vector<UtilityInput>& batch);

  const UtilityPassRequest& request_;
  const std::vector<Prepared>& prepared_;
  std::size_t columns_, batch_size_;
  VisionLanguageModel& model_;
  std::vector<double> totals_;
  double anchor_tokens_, parameters_ = 0.0;
};

}  // namespace winnow::detail
