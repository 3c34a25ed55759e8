#pragma once
// A comparison of methods, for the recipes that report one or several.

#include "config/value.h"
#include "experiments/comparison/comparison_results.h"
#include "experiments/stages/stage.h"

namespace winnow {

// Reads the whole config of a comparison; throws ConfigError for what cannot work.
void check_comparison(const config::Value& config);

// Selects, trains and evaluates; requires a checked config.
ComparisonResults compare(const config::Value& config, StageCache& stages);

}  // namespace winnow
