#pragma once
// Where the columns come from that selectors read: descriptors, utilities, judges. What methods do
// not read is not measured.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/stages/descriptor_stage.h"
#include "experiments/stages/measured_columns.h"
#include "experiments/stages/setting.h"
#include "experiments/stages/training_stage.h"
#include "experiments/stages/utility_stage.h"

namespace winnow {

// The table `proxy`: the model that measures the pool.
struct ProxyOptions {
  double warm_up_share = 0.0;
  bool per_seed = true;
};
BOOST_DESCRIBE_STRUCT(ProxyOptions, (), (warm_up_share, per_seed))
config::Help help(const ProxyOptions&);

// The tables descriptors, utility, utility_pass, utility_rows, anchors, judge and proxy, bound.
class MeasuringOptions {
 public:
  // Throws ConfigError for bad options, and for a table that belongs to one that is not there.
  static MeasuringOptions from(const config::Value& config);

  const DescriptorOptions& descriptors() const { return descriptors_; }
  const std::optional<UtilityOptions>& utility() const { return utility_; }
  const std::optional<config::Value>& judge() const { return judge_; }
  const ProxyOptions& proxy() const { return proxy_; }

  // Every column that they add.
  std::vector<std::string> columns() const;
  // Descriptors that fill some of these columns.
  std::vector<std::string> descriptors_of(const std::vector<std::string>& columns) const;
  bool reads_utility(const std::vector<std::string>& columns) const;
  bool reads_judge(const std::vector<std::string>& columns) const;

 private:
  DescriptorOptions descriptors_;
  std::optional<UtilityOptions> utility_;
  std::optional<config::Value> judge_;
  std::vector<std::string> judge_columns_;
  ProxyOptions proxy_;
};

// What was spent on columns.
struct MeasuringCost {
  double cpu_seconds = 0.0;  // warm-ups of the proxy, too
  // Model operations, an estimate; absent where a column does not count them.
  std::optional<double> operations = 0.0;
};

class Measurements {
 public:
  // `setting`: that of the model that measures. All must outlive it.
  Measurements(const MeasuringOptions& options, Setting& setting, const TrainingOptions* training);

  // The tables that hold these columns for a run with this seed, measured where they are not there
  // yet. Stages run on all workers: call it before jobs start side by side; then from any thread.
  std::vector<MeasuredColumns> columns(const std::vector<std::string>& names, std::uint64_t seed);

  // Of those tables: all descriptors that these columns are of, the utility, the judges.
  std::vector<MeasuredColumns> descriptors(const std::vector<std::string>& names);
  const StageOutput& utility(std::uint64_t seed);
  const StageOutput& judge();
  // The base after its warm-up with this seed.
  Weights proxy(std::uint64_t seed);

  // Of what columns(names, seed) needs, for runs with these seeds together.
  MeasuringCost cost(const std::vector<std::string>& names,
                     const std::vector<std::uint64_t>& seeds);

 private:
  // Training of the warm-up, which lasts one epoch; null without one.
  const StageOutput* warm_up(std::uint64_t seed);
  // The seed that a run with this one warms its utility's proxy up by.
  std::uint64_t proxy_seed(std::uint64_t seed) const;

  const MeasuringOptions& options_;
  Setting& setting_;
  const TrainingOptions* training_;
  std::map<std::string, MeasuredColumns> descriptors_;
  std::optional<StageOutput> judge_;
  std::map<std::uint64_t, StageOutput> warm_ups_, utilities_;  // by seed; several may be one stage
};

}  // namespace winnow
