#pragma once
// What each planted property does by itself: one uniform draw from a pool that has it and nothing
// else, against the same draw from the pool without any.

#include <string>
#include <vector>

#include "experiments/comparison/comparison_numbers.h"
#include "experiments/stages/stage.h"
#include "report/table.h"

namespace winnow {

// The config of one such comparison: `pool.properties` holds `property` alone (empty: nothing), the
// control is the only method and what trains.
config::Value alone_config(const config::Value& config, const std::string& property);

// Names of the config's table `pool.properties`. Throws ConfigError where there is none, or no
// method with the role of control.
std::vector<std::string> planted_properties(const config::Value& config);

struct NumbersAlone {
  // The reference is the pool without any property, the methods are the properties.
  ComparisonNumbers numbers;
  // Whether all were trained from the same base. A base whose tokenizer learns the pool's words is
  // another one for another pool.
  bool same_base = true;
};

NumbersAlone numbers_alone(const config::Value& config, const ComparisonOptions& options,
                           StageCache& stages);

Table alone_table(const NumbersAlone& alone, const config::Value& config,
                  const ComparisonOptions& options);

}  // namespace winnow
