#pragma once
// A comparison of methods, for the recipes that report one or several.

#include "config/value.h"
#include "experiments/comparison/comparison_results.h"
#include "experiments/stages/stage.h"
#include "trackers/tracked_run.h"

namespace winnow {

// Reads the whole config of a comparison; throws ConfigError for what cannot work.
void check_comparison(const config::Value& config);

// How far a comparison goes.
struct Extent {
  bool train = true;        // else methods choose, and no model is trained or evaluated
  bool all_labels = false;  // diagnosis by every hidden label, not by wrong answers alone
};

// Selects, trains and evaluates; requires a checked config. `tracked` is told of every training, a
// child for each method and seed, and of what its checkpoints answer.
ComparisonResults compare(const config::Value& config, StageCache& stages,
                          const Extent& extent = {}, const TrackedRun& tracked = {});

}  // namespace winnow
