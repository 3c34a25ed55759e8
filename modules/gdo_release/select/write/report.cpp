#include "gdo_release/select/write/report.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "gdo_release/select/scan/key_table.h"

namespace winnow::gdo_release {
namespace {

using boost::json::array;
using boost::json::object;

object counts_of(const std::vector<NamedCount>& entries) {
  object result;
  for (const NamedCount& entry : entries) result[entry.name] = entry.count;
  return result;
}
object counts_of(const OrderedCounts& counts) { return counts_of(counts.entries()); }

double ratio(std::int64_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

object shares_of(const PoolProfile& profile) {
  object fields;
  for (const FieldShares& field : profile.fields) {
    object shares;
    for (const auto& [value, share] : field.shares) shares[value] = share;
    fields[field.field] = std::move(shares);
  }
  return fields;
}

object exclusion_guard(const ReportInput& input) {
  const Exclusion& exclusion = input.exclusion;
  array paths;
  for (const std::string& path : exclusion.paths()) paths.emplace_back(path);
  static const char* const kModes[] = {"question", "qa", "both"};
  const bool counted = input.counted_pool, selected = !input.options.profile_only;
  const object none, reasons = counts_of(input.pool.excluded);
  const std::int64_t excluded = input.pool.excluded.total();
  return {{"enabled", exclusion.enabled()},
          {"mode", kModes[static_cast<std::size_t>(input.options.exclude_mode)]},
          {"paths", paths},
          {"files_loaded", exclusion.files_loaded()},
          {"rows_seen", exclusion.rows_seen()},
          {"rows_bad", exclusion.rows_bad()},
          {"q_hashes", exclusion.question_count()},
          {"qa_hashes", exclusion.pair_count()},
          {"excluded_pass1", counted ? excluded : 0},
          {"excluded_pass2", selected ? excluded : 0},
          {"excluded_reason_pass1", counted ? reasons : none},
          {"excluded_reason_pass2", selected ? reasons : none}};
}

// Every pass of the release over the files counts the rows that it skips.
object parse_error_stats(const ReportInput& input) {
  const std::int64_t passes = (input.counted_pool ? 1 : 0) + (input.options.profile_only ? 0 : 1);
  object result;
  if (passes == 0) return result;
  for (const auto& [kind, count] : input.pool.parse_errors) result[kind] = passes * count;
  return result;
}

object constraints_of(const SelectionPlan& plan) {
  array categories;
  for (const std::string& category : plan.temporal_categories) categories.emplace_back(category);
  return {{"temporal_categories", categories},
          {"full_video_ratio", plan.full_video_ratio},
          {"full_temporal_in_video_ratio", plan.full_temporal_in_video_ratio},
          {"min_video_ratio_effective", plan.min_video_ratio},
          {"min_video_count", plan.min_video_count},
          {"max_video_ratio_effective", plan.max_video_ratio},
          {"max_video_count", plan.max_video_count},
          {"min_temporal_in_video_ratio_effective", plan.min_temporal_in_video_ratio},
          {"min_temporal_video_count", plan.min_temporal_video_count},
          {"source_group_floor_requirements", counts_of(plan.source_group_floors)}};
}

void add_pool_counts(const ReportInput& input, object& report) {
  const PoolProfile& profile = input.profile;
  report["full_bucket_counts"] = counts_of(profile.buckets);
  report["full_profile_fields"] = shares_of(profile);
  report["source_counts"] = counts_of(profile.sources);
  report["source_group_counts"] = counts_of(profile.source_groups);
  report["stratum_counts"] = counts_of(profile.strata);
  report["full_video_temporal_counts"] = counts_of(profile.video_temporal);
}

// How a list of rows is composed, and how far from the pool.
object summary_of(const ReportInput& input, const std::vector<std::uint32_t>& rows) {
  if (rows.empty()) return {{"count", 0}};
  std::vector<std::int64_t> counts(input.pool.strata.size(), 0);
  for (const std::uint32_t row : rows) ++counts[input.pool.candidates[row].stratum];
  OrderedCounts buckets;  // the first seen comes first
  buckets.add(input.pool.strata[input.pool.candidates[rows.front()].stratum].bucket(), 0);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) buckets.add(input.pool.strata[i].bucket(), counts[i]);
  }
  object distances;
  const auto fields = field_counts(input.pool.strata, counts);
  for (const FieldShares& target : input.profile.fields) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& field) { return field.first == target.field; });
    if (found == fields.end() || target.shares.empty()) continue;
    std::map<std::string, double> chosen;
    for (const NamedCount& value : found->second.entries()) {
      chosen[value.name] = ratio(value.count, rows.size());
    }
    distances[target.field] = js_divergence(chosen, {target.shares.begin(), target.shares.end()});
  }
  return {
      {"count", rows.size()}, {"bucket", counts_of(buckets)}, {"js_to_full_profile", distances}};
}

// Share of the smaller list's pairs that both hold.
double overlap_of(const CandidatePool& pool, const std::vector<std::uint32_t>& subset,
                  const std::vector<std::uint32_t>& baseline) {
  if (subset.empty() || baseline.empty()) return 0.0;
  KeyTable chosen, drawn;
  for (const std::uint32_t row : subset) chosen.add(pool.candidates[row].uid);
  for (const std::uint32_t row : baseline) drawn.add(pool.candidates[row].uid);
  std::int64_t both = 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) both += drawn.contains(chosen.key(i));
  return ratio(both, std::min(chosen.size(), drawn.size()));
}

}  // namespace

double js_divergence(const std::map<std::string, double>& left,
                     const std::map<std::string, double>& right) {
  std::set<std::string> keys;
  for (const auto& [key, value] : left) keys.insert(key);
  for (const auto& [key, value] : right) keys.insert(key);
  if (keys.empty()) return 0.0;
  const auto normalised = [&](const std::map<std::string, double>& values) {
    double sum = 0.0;
    for (const auto& [key, value] : values) sum += std::max(value, 0.0);
    std::vector<double> result;
    for (const std::string& key : keys) {
      const auto found = values.find(key);
      const double value = found == values.end() ? 0.0 : std::max(found->second, 0.0);
      result.push_back(sum <= 0 ? 1.0 / static_cast<double>(keys.size()) : value / sum);
    }
    return result;
  };
  const std::vector<double> p = normalised(left), q = normalised(right);
  constexpr double kTiny = 1e-12;
  const auto distance_to_mean = [&](const std::vector<double>& values) {
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] <= 0) continue;
      sum += values[i] * std::log((values[i] + kTiny) / (0.5 * (p[i] + q[i]) + kTiny));
    }
    return sum;
  };
  return 0.5 * distance_to_mean(p) + 0.5 * distance_to_mean(q);
}

object profile_document(const PoolProfile& profile) {
  return {{"meta", object{{"total_pairs", profile.total_pairs}}}, {"fields", shares_of(profile)}};
}

object profile_report(const ReportInput& input) {
  const SelectionPlan& plan = input.plan;
  const SelectOptions& options = input.options;
  const auto total = static_cast<std::size_t>(input.profile.total_pairs);
  object report;
  report["meta"] = object{{"onevision", input.onevision},
                          {"video", input.video},
                          {"total_pairs", input.profile.total_pairs},
                          {"target_count", plan.target_count},
                          {"random_target_count", plan.random_target_count},
                          {"random_target_multiplier", plan.random_target_multiplier},
                          {"skip_random_output", options.skip_random_output},
                          {"target_ratio_effective", ratio(plan.target_count, total)},
                          {"target_frames", options.target_frames},
                          {"oversample_factor", options.oversample_factor},
                          {"video_oversample_factor", options.video_oversample_factor},
                          {"temporal_oversample_factor", options.temporal_oversample_factor},
                          {"profile_only", true},
                          {"exclusion_guard", exclusion_guard(input)}};
  add_pool_counts(input, report);
  report["num_strata"] = plan.strata.size();
  report["budget_info"] = plan.budget_info;
  report["hard_constraints"] = constraints_of(plan);
  report["parse_error_stats"] = parse_error_stats(input);
  return report;
}

object selection_report(const ReportInput& input, const Subset& subset,
                        const std::vector<std::uint32_t>& baseline) {
  const SelectionPlan& plan = input.plan;
  const SelectOptions& options = input.options;
  const auto total = static_cast<std::size_t>(input.profile.total_pairs);
  object report;
  report["meta"] = object{{"onevision", input.onevision},
                          {"video", input.video},
                          {"total_pairs", input.profile.total_pairs},
                          {"target_count", plan.target_count},
                          {"random_target_count", plan.random_target_count},
                          {"random_target_multiplier", plan.random_target_multiplier},
                          {"skip_random_output", options.skip_random_output},
                          {"target_ratio_effective", ratio(plan.target_count, total)},
                          {"seed", options.seed},
                          {"target_frames", options.target_frames},
                          {"max_qa_per_video", options.max_qa_per_video},
                          {"oversample_factor", options.oversample_factor},
                          {"video_oversample_factor", options.video_oversample_factor},
                          {"temporal_oversample_factor", options.temporal_oversample_factor},
                          {"random_oversample_factor", options.random_oversample_factor},
                          {"budget_info", plan.budget_info},
                          {"legacy_metrics_jsonl", options.metrics},
                          {"legacy_vds3_weight", options.legacy_vds3_weight},
                          {"disable_score_vds", options.disable_score_vds},
                          {"disable_score_ppl", options.disable_score_ppl},
                          {"disable_score_sc", options.disable_score_sc},
                          {"disable_vds3_budget", options.disable_vds3_budget},
                          {"legacy_metrics_loaded", input.metrics_loaded},
                          {"legacy_coverage_ratio", input.coverage},
                          {"legacy_coverage_ratio_upper", input.coverage_upper},
                          {"min_legacy_coverage_ratio", options.min_legacy_coverage_ratio},
                          {"legacy_bad_rows", input.metrics_bad_rows},
                          {"exclusion_guard", exclusion_guard(input)},
                          {"parse_error_stats", parse_error_stats(input)}};
  add_pool_counts(input, report);
  report["bucket_quotas"] = counts_of(plan.bucket_quotas);
  report["num_strata"] = plan.strata.size();

  std::int64_t temporal = 0;
  for (const std::string& category : plan.temporal_categories) {
    temporal += subset.temporal_videos.count(category);
  }
  object constraints = constraints_of(plan);
  constraints["selected_video_count"] = subset.videos;
  constraints["selected_video_ratio"] = ratio(subset.videos, subset.candidates.size());
  constraints["selected_temporal_video_count"] = temporal;
  constraints["selected_temporal_in_video_ratio"] =
      ratio(temporal, static_cast<std::size_t>(subset.videos));
  constraints["selected_source_group_counts_top20"] =
      counts_of(subset.source_groups.most_common(20));
  constraints["selection_stage_counts"] = counts_of(subset.stages);
  constraints["unmet_constraints"] = counts_of(subset.unmet);
  report["hard_constraints"] = std::move(constraints);
  report["random"] = summary_of(input, baseline);
  report["filtered"] = summary_of(input, subset.candidates);
  report["overlap_ratio"] = overlap_of(input.pool, subset.candidates, baseline);
  return report;
}

}  // namespace winnow::gdo_release
