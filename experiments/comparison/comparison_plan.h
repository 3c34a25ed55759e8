#pragma once
// What a comparison's config says, bound once.

#include <optional>
#include <string>
#include <vector>

#include "experiments/comparison/comparison_options.h"
#include "experiments/stages/measurements.h"

namespace winnow {

struct ComparisonPlan {
  SettingOptions setting;
  std::optional<SettingOptions> measuring;  // where the table `proxy` has a model of its own
  MeasuringOptions columns;
  TrainingOptions training;
  std::vector<Method> methods;
  RunScale scale;
  std::optional<config::Value> measured_pool;

  // The columns that the methods' selectors read.
  std::vector<std::string> columns_of_methods(const config::Value& config) const;
  // Whether a method chooses from files that the table `measured_pool` writes.
  bool selects_from_files() const;
};

// Throws ConfigError for what cannot work.
ComparisonPlan plan_of(const config::Value& config);

}  // namespace winnow
