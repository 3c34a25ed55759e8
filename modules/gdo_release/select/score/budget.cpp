#include "gdo_release/select/score/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/errors.h"
#include "gdo_release/text/text.h"

namespace winnow::gdo_release {
namespace {

std::int64_t whole(double number) {
  constexpr double kLargest = 9e18;
  if (!(std::abs(number) < kLargest)) {
    throw ConfigError(fmt::format(
        "selector gdo_release: an option leads to {} rows; a count is smaller", number));
  }
  return static_cast<std::int64_t>(number);
}
std::int64_t floor_of(double number) { return whole(std::floor(number)); }
std::int64_t ceil_of(double number) { return whole(std::ceil(number)); }
double real(std::int64_t number) { return static_cast<double>(number); }

struct Budget {
  std::int64_t count = 0;
  boost::json::object info;
};

Budget recommended(const PoolProfile& profile, const SelectOptions& options) {
  const std::int64_t total = profile.total_pairs;
  std::vector<double> shares;
  double entropy = 0.0;
  for (const NamedCount& stratum : profile.strata.entries()) {
    if (stratum.count <= 0) continue;
    shares.push_back(real(stratum.count) / real(total));
    entropy -= shares.back() * std::log(std::max(shares.back(), 1e-12));
  }
  if (shares.empty()) {
    const std::int64_t share = whole(real(total) * std::max(options.auto_min_ratio, 0.001));
    return {std::min(total, std::max(options.auto_min_count, share)),
            {{"mode", "fallback_no_probs"}}};
  }
  const double effective_strata = std::exp(entropy);

  std::sort(shares.begin(), shares.end(), std::greater<>());
  double covered_mass = 0.0, tail_share = shares.back();
  std::int64_t covered = 0;
  for (const double share : shares) {
    covered_mass += share;
    ++covered;
    tail_share = share;
    if (covered_mass >= options.auto_coverage_mass) break;
  }

  const std::int64_t from_strata =
      ceil_of(std::max(1.0, effective_strata * std::max(1.0, options.auto_effective_strata_mult)));
  const std::int64_t from_tail =
      ceil_of(std::max(1.0, options.auto_tail_target) / std::max(tail_share, 1e-9));
  const std::int64_t lowest = ceil_of(real(total) * std::max(options.auto_min_ratio, 0.0));
  std::int64_t highest = floor_of(real(total) * std::max(options.auto_max_ratio, 0.0));
  if (highest <= 0) highest = total;

  std::int64_t count = std::max({options.auto_min_count, lowest, from_strata, from_tail});
  count = std::min({count, options.auto_max_count, highest, total});
  count = std::max<std::int64_t>(1, std::min(count, total));
  return {count,
          {{"mode", "distribution_auto"},
           {"effective_strata", effective_strata},
           {"coverage_mass", options.auto_coverage_mass},
           {"covered_strata", covered},
           {"tail_prob_at_coverage", tail_share},
           {"n_from_effective_strata", from_strata},
           {"n_from_tail_coverage", from_tail},
           {"n_from_min_ratio", lowest},
           {"n_from_max_ratio", highest},
           {"recommended_count", count},
           {"recommended_ratio", real(count) / real(total)}}};
}

// Raises the budget until enough rows of a positive VDS3 are to be expected.
Budget with_positive_vds3(std::int64_t base, std::int64_t total,
                          const std::vector<MetricTerms>& terms, const SelectOptions& options) {
  if (base <= 0) return {base, {{"enabled", false}, {"reason", "empty_target_or_total"}}};
  const auto positive = std::count_if(terms.begin(), terms.end(), [&](const MetricTerms& term) {
    return term.vds3 > options.auto_vds3_threshold;
  });
  if (positive == 0) {
    return {base,
            {{"enabled", true},
             {"reason", "zero_positive_ratio"},
             {"vds3_positive_ratio", 0.0},
             {"vds3_positive_count", 0},
             {"vds3_total_count", terms.size()},
             {"n_from_vds3_positive", total},
             {"adjusted_target", base}}};
  }
  const double ratio = real(positive) / static_cast<double>(terms.size());
  const std::int64_t needed =
      ceil_of(real(std::max<std::int64_t>(1, options.auto_vds3_target_positive)) / ratio);
  const std::int64_t by_factor = ceil_of(real(base) * std::max(1.0, options.auto_vds3_max_mult));
  std::int64_t by_ratio = floor_of(real(total) * std::max(options.auto_max_ratio, 0.0));
  if (by_ratio <= 0) by_ratio = total;
  constexpr std::int64_t kOne = 1;
  const std::int64_t cap = std::min({total, std::max(kOne, options.auto_max_count),
                                     std::max(kOne, by_factor), std::max(kOne, by_ratio)});
  const std::int64_t adjusted =
      std::max(kOne, std::min(std::min(std::max(base, needed), cap), total));
  return {adjusted,
          {{"enabled", true},
           {"vds3_positive_ratio", ratio},
           {"vds3_positive_count", positive},
           {"vds3_total_count", terms.size()},
           {"vds3_threshold", options.auto_vds3_threshold},
           {"vds3_target_positive", options.auto_vds3_target_positive},
           {"n_from_vds3_positive", needed},
           {"vds3_adjust_cap", cap},
           {"adjusted_target", adjusted}}};
}

Budget budget_of(const PoolProfile& profile, const std::vector<MetricTerms>& terms,
                 const SelectOptions& options) {
  const std::int64_t total = profile.total_pairs;
  if (options.target_count > 0) {
    return {std::min(options.target_count, total),
            {{"mode", "fixed_count"}, {"requested_count", options.target_count}}};
  }
  if (options.target_ratio > 0) {
    const std::int64_t count = whole(std::trunc(real(total) * options.target_ratio));
    return {std::min(std::max<std::int64_t>(1, count), total),
            {{"mode", "fixed_ratio"}, {"requested_ratio", options.target_ratio}}};
  }
  Budget budget = recommended(profile, options);
  if (budget.info.at("mode") == "distribution_auto" && !terms.empty() &&
      !options.disable_vds3_budget) {
    Budget adjusted = with_positive_vds3(budget.count, total, terms, options);
    budget.count = adjusted.count;
    budget.info["vds3_adjustment"] = std::move(adjusted.info);
    budget.info["recommended_count"] = budget.count;
    budget.info["recommended_ratio"] = real(budget.count) / real(total);
  }
  return budget;
}

std::vector<NamedCount> source_group_floors(const PoolProfile& profile, std::int64_t target,
                                            const SelectOptions& options) {
  if (options.source_group_floor_topk <= 0 || options.min_source_group_ratio <= 0 || target <= 0) {
    return {};
  }
  const std::int64_t smallest =
      std::max<std::int64_t>(1, ceil_of(real(target) * options.min_source_group_ratio));
  std::vector<NamedCount> floors;
  std::int64_t sum = 0;
  for (const NamedCount& group : profile.source_groups.most_common(
           static_cast<std::size_t>(options.source_group_floor_topk))) {
    if (group.count <= 0) continue;
    const double expected = real(target) * (real(group.count) / real(profile.total_pairs));
    const std::int64_t share =
        ceil_of(std::max(0.0, options.source_group_floor_frac_of_expected) * expected);
    const std::int64_t required = std::max(smallest, share);
    if (required > floor_of(expected)) continue;
    floors.push_back({group.name, required});
    sum += required;
  }
  // The floors together take at most 70 % of the budget.
  const std::int64_t most = floor_of(real(target) * 0.7);
  if (most <= 0) return {};
  if (sum > most) {
    const double scale = real(most) / real(sum);
    for (NamedCount& floor : floors) {
      floor.count = std::max<std::int64_t>(1, floor_of(real(floor.count) * scale));
    }
  }
  return floors;
}

std::set<std::string> category_set(const std::string& comma_separated) {
  std::set<std::string> categories;
  for (std::size_t begin = 0; begin <= comma_separated.size();) {
    const std::size_t end = std::min(comma_separated.find(',', begin), comma_separated.size());
    categories.insert(normalize_text(comma_separated.substr(begin, end - begin)));
    begin = end + 1;
  }
  categories.erase("");
  return categories;
}

double share(double ratio) { return std::max(0.0, std::min(1.0, ratio)); }

void plan_constraints(const PoolProfile& profile, const SelectOptions& options,
                      SelectionPlan& plan) {
  const std::int64_t videos = profile.buckets.count("short_video");
  const double target = real(plan.target_count);
  plan.full_video_ratio = real(videos) / real(profile.total_pairs);
  plan.min_video_ratio =
      share(options.min_video_ratio >= 0 ? options.min_video_ratio : plan.full_video_ratio);
  plan.min_video_count = ceil_of(plan.min_video_ratio * target);
  plan.max_video_ratio = options.max_video_ratio < 0 ? 1.0 : share(options.max_video_ratio);
  plan.max_video_count = std::max(
      plan.min_video_count, std::min(floor_of(plan.max_video_ratio * target), plan.target_count));

  if (videos > 0) {
    std::int64_t temporal = 0;
    for (const std::string& category : plan.temporal_categories) {
      temporal += profile.video_temporal.count(category);
    }
    plan.full_temporal_in_video_ratio = real(temporal) / real(videos);
  }
  plan.min_temporal_in_video_ratio =
      share(options.min_temporal_in_video_ratio >= 0 ? options.min_temporal_in_video_ratio
                                                     : plan.full_temporal_in_video_ratio);
  std::int64_t video_rows = plan.min_video_count;
  for (const NamedCount& bucket : plan.bucket_quotas) {
    if (bucket.name == "short_video") video_rows = std::max(video_rows, bucket.count);
  }
  plan.min_temporal_video_count = std::max<std::int64_t>(
      0, std::min(ceil_of(plan.min_temporal_in_video_ratio * real(video_rows)), plan.target_count));
}

void plan_strata(const PoolProfile& profile, const SelectOptions& options, SelectionPlan& plan) {
  const std::vector<std::int64_t> quotas =
      largest_remainder_quotas(profile.strata, plan.target_count);
  for (std::size_t i = 0; i < quotas.size(); ++i) {
    StratumPlan stratum{profile.strata.entries()[i].name, quotas[i], 0};
    if (quotas[i] > 0) {
      const std::vector<std::string> parts = stratum_parts(stratum.name);
      double factor = std::max(options.oversample_factor, 1.0);
      if (parts[0] == "short_video") {
        factor = std::max(factor, options.video_oversample_factor);
        if (plan.temporal_categories.contains(parts[2])) {
          factor = std::max(factor, options.temporal_oversample_factor);
        }
      }
      stratum.heap_size = std::max(quotas[i], ceil_of(real(quotas[i]) * factor));
    }
    plan.strata.push_back(std::move(stratum));
  }
}

}  // namespace

SelectionPlan plan_selection(const PoolProfile& profile, const std::vector<MetricTerms>& terms,
                             const SelectOptions& options) {
  SelectionPlan plan;
  Budget budget = budget_of(profile, terms, options);
  plan.target_count = budget.count;
  plan.budget_info = std::move(budget.info);
  if (!options.skip_random_output) {
    plan.random_target_multiplier =
        options.random_target_multiplier > 0 ? options.random_target_multiplier : 1.0;
    plan.random_target_count =
        std::max<std::int64_t>(1, ceil_of(real(plan.target_count) * plan.random_target_multiplier));
    plan.reservoir_size = std::max(
        plan.random_target_count,
        ceil_of(real(plan.random_target_count) * std::max(1.0, options.random_oversample_factor)));
  }
  const std::vector<std::int64_t> quotas =
      largest_remainder_quotas(profile.buckets, plan.target_count);
  for (std::size_t i = 0; i < quotas.size(); ++i) {
    plan.bucket_quotas.push_back({profile.buckets.entries()[i].name, quotas[i]});
  }
  plan.temporal_categories = category_set(options.temporal_categories);
  plan_constraints(profile, options, plan);
  plan_strata(profile, options, plan);
  plan.source_group_floors = source_group_floors(profile, plan.target_count, options);
  return plan;
}

}  // namespace winnow::gdo_release
