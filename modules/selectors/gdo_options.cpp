#include "selectors/gdo_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/errors.h"
#include "selectors/candidates.h"

namespace winnow {

namespace {

// What is wrong with the floors of sources for so many rows; empty: nothing.
std::string floors_problem(const GdoOptions& options, std::int64_t budget) {
  const double cap = options.source_share_maximum * static_cast<double>(budget);
  if (static_cast<double>(options.source_floor_rows) <= cap + 1e-9) return "";
  return fmt::format(
      "source_floor_rows ({}) is above what source_share_maximum allows ({} of {} rows)",
      options.source_floor_rows, std::floor(cap + 1e-9), budget);
}

}  // namespace

void check_floors(const GdoOptions& options, std::int64_t budget, const SelectionInput& input) {
  const std::string problem = floors_problem(options, budget);
  if (!problem.empty()) throw ConfigError(input.key("source_floor_rows") + ": " + problem);
}

void check(const GdoOptions& options) {
  options.BudgetOptions::check();
  for (const auto& [column, weight] : options.weights) {
    if (std::isfinite(weight)) continue;
    throw OptionError(config::join_key("weights", column), "a weight is a number");
  }
  if (options.video_share_minimum > options.video_share_maximum) {
    throw OptionError("video_share_minimum",
                      fmt::format("{} is above video_share_maximum ({})",
                                  options.video_share_minimum, options.video_share_maximum));
  }
  if (options.temporal_share_minimum > options.video_share_maximum) {
    throw OptionError(
        "temporal_share_minimum",
        fmt::format("{} is above video_share_maximum ({}), but temporal rows are videos",
                    options.temporal_share_minimum, options.video_share_maximum));
  }
  double floors = 0;
  for (const auto& [source, share] : options.source_floors) {
    floors += share;
    if (share > options.source_share_maximum) {
      throw OptionError(config::join_key("source_floors", source),
                        fmt::format("{} is above source_share_maximum ({})", share,
                                    options.source_share_maximum));
    }
  }
  if (floors > 1 + 1e-9) {
    throw OptionError("source_floors",
                      fmt::format("they add up to {}; at most 1 is possible", floors));
  }
  if (options.source_floor_share > options.source_share_maximum) {
    throw OptionError("source_floor_share",
                      fmt::format("{} is above source_share_maximum ({})",
                                  options.source_floor_share, options.source_share_maximum));
  }
  if (!options.is_share()) {
    const std::string problem =
        floors_problem(options, options.budget.value_or(BudgetOptions::kDefault));
    if (!problem.empty()) throw OptionError("source_floor_rows", problem);
  }
  static const std::vector<std::string> constraints = {
      "budget",        "video_share_minimum", "video_share_maximum", "temporal_share_minimum",
      "source_floors", "source_share_maximum"};
  for (const auto& name : options.relax) {
    if (std::find(constraints.begin(), constraints.end(), name) == constraints.end()) {
      throw OptionError(
          "relax", fmt::format("'{}' is no constraint.{}", name, suggestion(name, constraints)));
    }
  }
}

GdoOptions without_switched_off_terms(GdoOptions options) {
  const std::map<std::string, double> weights = std::move(options.weights);
  options.weights.clear();
  for (const auto& [name, weight] : weights) {
    if (weight != 0) {
      options.weights.emplace(name, weight);
      continue;
    }
    if (options.source_prior.column == name) {
      options.source_prior.weight = 0;
      options.source_prior.reject_quantile = 0;
    }
    auto& reject = options.reject;
    for (auto* limits :
         {&reject.below, &reject.above, &reject.below_quantile, &reject.above_quantile}) {
      limits->erase(name);
    }
    for (auto* keys : {&options.standardise_within, &options.strata}) {
      std::erase(*keys, name);
      if (name == "coverage") std::erase(*keys, "cluster");
    }
  }
  return options;
}

std::vector<std::string> columns_read(const GdoOptions& options) {
  std::set<std::string> names;
  for (const auto& [column, weight] : options.weights) {
    if (weight != 0) names.insert(column);
  }
  const auto& reject = options.reject;
  for (const auto* limits :
       {&reject.below, &reject.above, &reject.below_quantile, &reject.above_quantile}) {
    for (const auto& [column, limit] : *limits) names.insert(column);
  }
  if (options.source_prior.weight != 0 || options.source_prior.reject_quantile > 0) {
    names.insert(options.source_prior.column);
  }
  for (const auto* keys : {&options.standardise_within, &options.strata}) {
    names.insert(keys->begin(), keys->end());
  }
  return without_facts({names.begin(), names.end()});
}

}  // namespace winnow
