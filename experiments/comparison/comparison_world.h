#pragma once
// What the methods of one pool and base share: its stages, measured once for all of them.

#include <optional>
#include <vector>

#include "experiments/comparison/comparison_plan.h"
#include "experiments/comparison/comparison_results.h"
#include "experiments/stages/failed_rows.h"

namespace winnow {

class ComparisonWorld {
 public:
  ComparisonWorld(const ComparisonPlan& plan, std::uint64_t seed, StageCache& stages)
      : plan_(plan), setting_(plan.setting, seed, stages) {
    if (plan.measuring) measuring_.emplace(*plan.measuring, seed, stages);
    measurements_.emplace(plan.columns, measuring_ ? *measuring_ : setting_, &plan.training);
  }

  Setting& setting() { return setting_; }
  // Of the model that measures.
  Setting& measuring() { return measuring_ ? *measuring_ : setting_; }
  Measurements& measurements() { return *measurements_; }
  // Samples that one of the runs could not measure; no run's method takes them. Set once all
  // columns are there.
  void set_unusable(UnusableSamples unusable) { unusable_ = std::move(unusable); }
  const UnusableSamples& unusable() const { return unusable_; }
  // The pool as files, for methods that choose from these.
  const StageOutput& measured_pool();

 private:
  const ComparisonPlan& plan_;
  Setting setting_;
  std::optional<Setting> measuring_;
  std::optional<Measurements> measurements_;
  UnusableSamples unusable_;
  std::optional<StageOutput> measured_pool_;
};

// Runs the stages that all methods need, and says what the columns see. `seeds`: of the runs in
// this world. Throws ConfigError and ConstraintError for budgets and constraints that the pool
// cannot meet, before anything is measured of it.
WorldResult shared_stages(ComparisonWorld& world, const ComparisonPlan& plan,
                          const config::Value& config, const std::vector<std::uint64_t>& seeds);

// What the columns that the methods read see of each hidden label.
void add_labels(ComparisonWorld& world, const ComparisonPlan& plan, const config::Value& config,
                const std::vector<std::uint64_t>& seeds, WorldResult& result);

}  // namespace winnow
