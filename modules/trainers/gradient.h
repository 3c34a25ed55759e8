#pragma once
// The gradient of a batch, computed in parts side by side where cores are free.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "models/vision_language_model.h"
#include "trainers/batch_source.h"

namespace winnow {

struct BatchGradient {
  double loss = 0.0;                   // over all trained tokens of the batch, weighted
  std::vector<double> sample_losses;   // mean over each sample's own, in order of the batch
  std::int64_t tokens = 0;             // of the inputs
  double cpu_seconds_elsewhere = 0.0;  // spent by other threads than the caller's
};

// A model and copies of it, one for each part of a batch after the first. Results depend on the
// number of parts, whose sums are made in order, and never on the number of threads.
class ShardedModel {
 public:
  // `model` must outlive it.
  ShardedModel(VisionLanguageModel& model, std::int64_t shards);

  // Mean loss over all trained tokens of the batch, as the recipe has it (long answers weigh more);
  // leaves its gradient in the model's parameters. `input` makes the input of a position for the
  // copy that sees it, on its thread.
  BatchGradient backward(
      const Batch& batch,
      const std::function<ModelInput(std::size_t, VisionLanguageModel&)>& input) const;

 private:
  VisionLanguageModel& worker(std::size_t shard) const {
    return shard == 0 ? model_ : *replicas_[shard - 1];
  }

  VisionLanguageModel& model_;
  std::vector<std::unique_ptr<VisionLanguageModel>> replicas_;
};

}  // namespace winnow
