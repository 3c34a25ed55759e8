#pragma once
// Where the columns come from that selectors read: descriptors, a utility, judges. Each column is a
// stage by itself; those that are not there yet are measured together, in one walk over the pool.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/stages/anchor_source.h"
#include "experiments/stages/selection_stage.h"
#include "experiments/stages/setting.h"
#include "experiments/stages/training_stage.h"

namespace winnow {

enum class ColumnKind { descriptor, utility, judge };

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

  // Every column that they add, and of which kind it is.
  const std::map<std::string, ColumnKind>& columns() const { return columns_; }

 private:
  std::map<std::string, ColumnKind> columns_;
};

// What was spent on columns.
struct MeasuringCost {
  double cpu_seconds = 0.0;  // warm-ups of the proxy, too
  // Model operations, an estimate; absent where a column does not count them.
  std::optional<double> operations = 0.0;
};

class Measurements {
 public:
  // `setting` is the target's; the one that measures has the proxy's model, where the config names
  // another. All must outlive it.
  Measurements(const Setting& setting, const MeasuringOptions& options,
               const Bound<Trainer>& trainer);

  // The tables that hold these columns for a run with this seed, measured where they are not there
  // yet. Stages run on all workers: call it before jobs start side by side.
  std::vector<MeasuredColumns> columns(const std::vector<std::string>& names, std::uint64_t seed);
  // Of what columns(names, seed) needs, for runs with these seeds together.
  MeasuringCost cost(const std::vector<std::string>& names,
                     const std::vector<std::uint64_t>& seeds);
};

}  // namespace winnow
