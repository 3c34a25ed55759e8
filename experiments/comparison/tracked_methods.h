#pragma once
// What trackers are told of a comparison: a child for each method and seed.

#include "experiments/comparison/comparison_numbers.h"
#include "experiments/comparison/comparison_options.h"
#include "experiments/comparison/comparison_results.h"
#include "experiments/stages/training_stage.h"

namespace winnow {

// The child of a training that is about to begin.
TrackedRun begin_tracking(const TrackedRun& run, const TrainingStage& training,
                          const Method& method);

// Tells what a training came to, once its checkpoints were asked: accuracy/<benchmark> and
// accuracy/average in points over its steps, from the base on at step 0; what it cost, and the
// digests of what was chosen and trained.
void end_tracking(const TrackedRun& child, const StageOutput& training,
                  const ComparisonResults& results, std::size_t method, std::size_t replicate);

// Tells the run itself what its methods came to: <method>/average and <method>/difference.
void track_numbers(const TrackedRun& run, const ComparisonNumbers& numbers);

}  // namespace winnow
