#pragma once
// The stages in which the release fills its subset, and the draw of its uniform baseline.

#include <cstdint>
#include <vector>

#include "gdo_release/select/fill/second_pass.h"
#include "gdo_release/select/scan/candidate_pool.h"
#include "gdo_release/select/scan/ordered_counts.h"
#include "gdo_release/select/score/budget.h"

namespace winnow::gdo_release {

struct Subset {
  std::vector<std::uint32_t> candidates;  // in the order in which they were taken
  std::vector<std::uint32_t> stage_of;    // of each, its place in `stages`
  std::int64_t videos = 0;
  OrderedCounts temporal_videos;  // by temporal category
  OrderedCounts source_groups, stages;
  OrderedCounts unmet;  // rows that a constraint lacks
};

Subset fill_subset(const CandidatePool& pool, const SelectionPlan& plan, const SecondPass& pass,
                   std::int64_t max_qa_per_video);

struct Baseline {
  std::vector<std::uint32_t> candidates;
  bool repeats = false;  // the caps left too few rows, so that the last ones were taken unchecked
};

// Draws on from `pass.random`, and takes the reservoir away.
Baseline draw_baseline(const CandidatePool& pool, const SelectionPlan& plan, SecondPass& pass,
                       std::int64_t max_qa_per_video);

}  // namespace winnow::gdo_release
