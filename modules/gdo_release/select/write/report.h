#pragma once
// The release's reports: what was counted, decided and chosen, with its keys in its order. The run
// time is left out, so that equal runs have equal reports.

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gdo_release/select/fill/fill.h"
#include "gdo_release/select/scan/candidate_pool.h"
#include "gdo_release/select/score/budget.h"

namespace winnow::gdo_release {

// A distance of two distributions that need not be normalised: 0 for equal ones, at most log 2.
double js_divergence(const std::map<std::string, double>& left,
                     const std::map<std::string, double>& right);

// What a report tells of a run.
struct ReportInput {
  std::string onevision, video;  // paths as they were given
  const SelectOptions& options;
  const CandidatePool& pool;
  const PoolProfile& profile;
  const SelectionPlan& plan;
  const Exclusion& exclusion;
  std::size_t metrics_loaded = 0;
  std::int64_t metrics_bad_rows = 0;
  double coverage = 0.0, coverage_upper = 0.0;  // share of pairs with metrics: found, and at most
  bool counted_pool = true;                     // false with the report of an earlier profile
};

// {"meta": {"total_pairs"}, "fields"}
boost::json::object profile_document(const PoolProfile& profile);
// Of a profile_only run.
boost::json::object profile_report(const ReportInput& input);
boost::json::object selection_report(const ReportInput& input, const Subset& subset,
                                     const std::vector<std::uint32_t>& baseline);

}  // namespace winnow::gdo_release
