#pragma once
// A setting of a config and what measures its pool, as a run makes them.

#include "experiments/stages/measurements.h"

namespace winnow::testing_support {

struct MeasuredSetting {
  MeasuredSetting(const config::Value& config, std::uint64_t seed, StageCache& stages)
      : options(SettingOptions::from(config)),
        columns(MeasuringOptions::from(config)),
        training(TrainingOptions::from(config)),
        setting(options, seed, stages),
        measurements(columns, setting, &training) {}

  SettingOptions options;
  MeasuringOptions columns;
  TrainingOptions training;
  Setting setting;
  Measurements measurements;
};

}  // namespace winnow::testing_support
