#pragma once
// How many rows a selection takes, of what, and which floors it must keep: everything that the
// release decides between its two passes.

#include <boost/json.hpp>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "gdo_release/select/options.h"
#include "gdo_release/select/scan/metric_table.h"
#include "gdo_release/select/scan/ordered_counts.h"
#include "gdo_release/select/score/pool_profile.h"

namespace winnow::gdo_release {

struct StratumPlan {
  std::string name;
  std::int64_t quota = 0;
  std::int64_t heap_size = 0;  // candidates kept; 0: none, they are reachable by chance alone
};

struct SelectionPlan {
  std::int64_t target_count = 0;
  std::int64_t random_target_count = 0;
  double random_target_multiplier = 0.0;
  std::int64_t reservoir_size = 0;
  boost::json::object budget_info;  // how the target came about, as the report shows it
  std::vector<NamedCount> bucket_quotas;
  std::vector<StratumPlan> strata;  // in the profile's order
  std::set<std::string> temporal_categories;
  double full_video_ratio = 0.0, full_temporal_in_video_ratio = 0.0;
  double min_video_ratio = 0.0, max_video_ratio = 0.0, min_temporal_in_video_ratio = 0.0;
  std::int64_t min_video_count = 0, max_video_count = 0, min_temporal_video_count = 0;
  std::vector<NamedCount> source_group_floors;  // the largest group first
};

// `terms` are the metrics' terms at the options' cap.
SelectionPlan plan_selection(const PoolProfile& profile, const std::vector<MetricTerms>& terms,
                             const SelectOptions& options);

}  // namespace winnow::gdo_release
