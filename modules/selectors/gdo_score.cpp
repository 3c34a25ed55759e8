#include "selectors/gdo_score.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <unordered_map>

#include "selectors/candidates.h"

namespace winnow {
namespace {

constexpr double kIqrOfNormal = 1.3489795;          // 2 * 0.6744898
constexpr double kDeviationOfNormal = 0.797884561;  // mean absolute deviation, sqrt(2 / pi)

double sorted_quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  const double part = position - static_cast<double>(low);
  return sorted[low] + part * (sorted[high] - sorted[low]);
}

// "video, temporal, cluster 7" from a label of group_rows, whose parts end in '\0'.
std::string name_of_group(const std::string& label, const std::vector<std::string>& keys) {
  std::size_t start = label.find('\0');
  std::string name = label.substr(0, start);
  for (const auto& key : keys) {
    const std::size_t end = label.find('\0', start + 1);
    const std::string part = label.substr(start + 1, end - start - 1);
    start = end;
    const bool fact = key == "source" || key == "question_type";
    name += fact ? ", " + part : part.empty() ? ", no " + key : ", " + key + " " + part;
  }
  return name;
}

std::vector<double> normal_scores(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> result(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
    const double middle = 0.5 * static_cast<double>(first + last) + 0.5;  // average rank - 1/2
    const double share = middle / static_cast<double>(order.size());
    const double score = std::sqrt(2.0) * boost::math::erf_inv(2.0 * share - 1.0);
    for (; first <= last; ++first) result[order[first]] = score;
  }
  return result;
}

// Standardised values of a column where it is valid, 0 elsewhere: within its group where that has
// enough values, else within the modality.
std::vector<double> standardised_column(const TermColumn& column,
                                        const std::vector<std::size_t>& rows,
                                        const Grouping& modality, const Grouping& groups,
                                        const GdoOptions& options) {
  std::vector<double> result(rows.size(), 0.0);
  const auto apply = [&](const Grouping& grouping, std::int64_t minimum) {
    std::vector<std::vector<std::uint32_t>> members(grouping.count);
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      if (column.state(rows[i]) == CellState::valid) members[grouping.group_of[i]].push_back(i);
    }
    for (const auto& group : members) {
      if (static_cast<std::int64_t>(group.size()) < minimum) continue;
      std::vector<double> values;
      values.reserve(group.size());
      for (const auto i : group) values.push_back(column.value(rows[i]));
      const auto scaled = standardise(values, options.scale, options.clip);
      for (std::size_t k = 0; k < group.size(); ++k) result[group[k]] = scaled[k];
    }
  };
  apply(modality, 1);
  if (&groups != &modality) apply(groups, options.minimum_group);
  return result;
}

// Alarms: a column that says nothing within a modality.
void warn(const std::string& name, const TermColumn& column, const SampleTable& table,
          const std::vector<std::size_t>& rows, std::vector<std::string>& warnings) {
  struct Tally {
    std::int64_t applicable = 0, missing = 0;
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
  };
  std::map<Modality, Tally> tallies;
  bool applies = rows.empty();
  for (const auto row : rows) {
    const CellState state = column.state(row);
    if (state == CellState::not_applicable) continue;
    applies = true;
    Tally& tally = tallies[table.rows().modality(row)];
    ++tally.applicable;
    if (state != CellState::valid) {
      ++tally.missing;
    } else {
      tally.low = std::min(tally.low, column.value(row));
      tally.high = std::max(tally.high, column.value(row));
    }
  }
  if (!applies) warnings.push_back(name + " applies to no row: it has no effect");
  for (const auto& [modality, tally] : tallies) {
    if (2 * tally.missing > tally.applicable) {
      warnings.push_back(fmt::format("{} is missing for {} of {} {} rows", name, tally.missing,
                                     tally.applicable, to_string(modality)));
    }
    if (tally.applicable - tally.missing > 1 && tally.low == tally.high) {
      warnings.push_back(fmt::format("{} is constant ({}) over {} {} rows: it ranks none of them",
                                     name, tally.low, tally.applicable - tally.missing,
                                     to_string(modality)));
    }
  }
}

// Mean standardised value over a source (and question type) of a modality, shrunk towards 0, the
// centre of all sources of that modality and question type.
std::vector<double> source_means(const SampleTable& table, const std::vector<std::size_t>& rows,
                                 const GdoOptions& options) {
  const auto& prior = options.source_prior;
  const TermColumn column(table, prior.column);
  const auto modality = group_rows(table, rows, {});
  const auto type = group_rows(table, rows, {"question_type"});
  const auto values = standardised_column(column, rows, modality,
                                          prior.by_question_type ? type : modality, options);
  const auto sources = prior.by_question_type ? group_rows(table, rows, {"source", "question_type"})
                                              : group_rows(table, rows, {"source"});
  std::vector<double> sum(sources.count, 0.0), count(sources.count, 0.0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (column.state(rows[i]) != CellState::valid) continue;
    sum[sources.group_of[i]] += values[i];
    count[sources.group_of[i]] += 1.0;
  }
  std::vector<double> result(rows.size(), 0.0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto g = sources.group_of[i];
    if (count[g] > 0) result[i] = sum[g] / (count[g] + prior.shrinkage);
  }
  return result;
}

}  // namespace

TermColumn::TermColumn(const SampleTable& table, const std::string& name) : table_(&table) {
  if (name != kAnswerWords) column_ = &table.column(name);
}

CellState TermColumn::state(std::size_t row) const {
  if (column_ == nullptr) return CellState::valid;
  const auto state = static_cast<CellState>(column_->states(row));
  // A column built by hand may hold NaN as valid; it must not reach a comparison.
  if (state == CellState::valid && !std::isfinite(column_->values(row))) return CellState::failed;
  return state;
}

double TermColumn::value(std::size_t row) const {
  if (column_ != nullptr) return column_->values(row);
  return std::log1p(static_cast<double>(table_->rows().answer_words(row)));
}

Grouping group_rows(const SampleTable& table, const std::vector<std::size_t>& rows,
                    const std::vector<std::string>& keys) {
  std::vector<const Column*> columns;
  for (const auto& key : keys) {
    const bool fact = key == "source" || key == "question_type";
    columns.push_back(fact ? nullptr : &table.column(key));
  }
  Grouping result;
  result.group_of.reserve(rows.size());
  std::unordered_map<std::string, std::uint32_t> seen;  // labels by when they came up
  std::string label;
  for (const std::size_t row : rows) {
    label = to_string(table.rows().modality(row));
    for (std::size_t k = 0; k < keys.size(); ++k) {
      label += '\0';  // cannot be part of a name, unlike any printable separator
      if (keys[k] == "source") {
        label += table.rows().source(row);
      } else if (keys[k] == "question_type") {
        label += table.rows().question_type(row);
      } else if (columns[k]->valid(row)) {
        label += fmt::format("{}", columns[k]->values(row));
      }
    }
    result.group_of.push_back(
        seen.try_emplace(label, static_cast<std::uint32_t>(seen.size())).first->second);
  }
  // Sorted, so that numbers do not depend on the order of rows.
  const std::map<std::string, std::uint32_t> sorted(seen.begin(), seen.end());
  std::vector<std::uint32_t> number(sorted.size());
  for (const auto& [name, provisional] : sorted) {
    number[provisional] = static_cast<std::uint32_t>(result.count++);
    result.names.push_back(name_of_group(name, keys));
  }
  for (std::uint32_t& group : result.group_of) group = number[group];
  return result;
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return sorted_quantile(values, share);
}

std::vector<double> standardise(const std::vector<double>& values, Scale scale, double clip) {
  if (values.empty()) return {};
  std::vector<double> result;
  if (scale == Scale::rank) {
    result = normal_scores(values);
  } else {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const double median = sorted_quantile(sorted, 0.5);
    double spread = (sorted_quantile(sorted, 0.75) - sorted_quantile(sorted, 0.25)) / kIqrOfNormal;
    if (!(spread > 0)) {
      // More than half of the values are equal: the quartiles see nothing of the others.
      for (const double value : sorted) spread += std::abs(value - median);
      spread /= static_cast<double>(sorted.size()) * kDeviationOfNormal;
    }
    result.reserve(values.size());
    for (const double value : values) {
      result.push_back(spread > 0 ? (value - median) / spread : 0.0);
    }
  }
  for (double& value : result) value = std::clamp(value, -clip, clip);
  return result;
}

Scores score_rows(const SampleTable& table, const std::vector<std::size_t>& rows,
                  const GdoOptions& options) {
  Scores scores;
  scores.total.assign(rows.size(), 0.0);
  const auto modality = group_rows(table, rows, {});
  const auto groups = group_rows(table, rows, options.standardise_within);

  double all_squares = 0;
  std::vector<double> squares(rows.size(), 0.0);  // of the weights that apply
  for (const auto& [name, weight] : options.weights) {
    if (weight == 0) continue;
    const TermColumn column(table, name);
    warn(name, column, table, rows, scores.warnings);
    const bool whole = std::find(options.whole_modality.begin(), options.whole_modality.end(),
                                 name) != options.whole_modality.end();
    auto term = standardised_column(column, rows, modality, whole ? modality : groups, options);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const CellState state = column.state(rows[i]);
      if (state == CellState::not_applicable) continue;
      squares[i] += weight * weight;
      term[i] = state == CellState::valid ? weight * term[i]
                                          : -options.missing_penalty * std::abs(weight);
    }
    all_squares += weight * weight;
    scores.names.push_back(name);
    scores.terms.push_back(std::move(term));
  }
  for (auto& term : scores.terms) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (squares[i] > 0) term[i] *= std::sqrt(all_squares / squares[i]);
      scores.total[i] += term[i];
    }
  }

  const auto& prior = options.source_prior;
  if (prior.weight != 0) {
    std::vector<double> term = source_means(table, rows, options);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      term[i] = prior.weight * term[i];
      scores.total[i] += term[i];
    }
    scores.names.push_back("source_prior");
    scores.terms.push_back(std::move(term));
  }
  return scores;
}

Rejections rejections(const SampleTable& table, const std::vector<std::size_t>& rows,
                      const GdoOptions& options) {
  Rejections result;
  result.reason.assign(rows.size(), Account::kNone);
  const auto is_rejected = [&](std::size_t i) { return result.reason[i] != Account::kNone; };
  // What the rows that follow are rejected for.
  const auto begin_reason = [&](std::string reason) {
    result.reasons.push_back(std::move(reason));
    return static_cast<std::int32_t>(result.reasons.size()) - 1;
  };
  const auto& reject = options.reject;
  const auto by_value = [&](const std::map<std::string, double>& limits, double sign,
                            const char* word) {
    for (const auto& [name, limit] : limits) {
      const TermColumn column(table, name);
      // Limits on answer_words are given in words; the column itself is logarithmic.
      const double scaled = name == kAnswerWords ? std::log1p(limit) : limit;
      const std::int32_t reason = begin_reason(fmt::format("{} {} {}", name, word, limit));
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (is_rejected(i) || column.state(rows[i]) != CellState::valid) continue;
        if (sign * column.value(rows[i]) > sign * scaled) result.reason[i] = reason;
      }
    }
  };
  by_value(reject.below, -1.0, "below");
  by_value(reject.above, 1.0, "above");

  const auto modality = group_rows(table, rows, {});
  const auto groups = group_rows(table, rows, options.standardise_within);
  const auto by_quantile = [&](const std::map<std::string, double>& shares, double sign,
                               const char* word) {
    for (const auto& [name, share] : shares) {
      const TermColumn column(table, name);
      std::vector<std::vector<double>> values(groups.count), wide(modality.count);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (column.state(rows[i]) != CellState::valid) continue;
        values[groups.group_of[i]].push_back(column.value(rows[i]));
        wide[modality.group_of[i]].push_back(column.value(rows[i]));
      }
      const auto limits_of = [quantile_share = share](std::vector<std::vector<double>>& of) {
        std::vector<double> limits;
        for (auto& group : of)
          limits.push_back(group.empty() ? 0 : quantile(group, quantile_share));
        return limits;
      };
      const auto limits = limits_of(values), wide_limits = limits_of(wide);
      const std::int32_t reason = begin_reason(fmt::format("{} {} quantile {}", name, word, share));
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (is_rejected(i) || column.state(rows[i]) != CellState::valid) continue;
        const auto g = groups.group_of[i];
        const bool enough = static_cast<std::int64_t>(values[g].size()) >= options.minimum_group;
        const double limit = enough ? limits[g] : wide_limits[modality.group_of[i]];
        if (sign * column.value(rows[i]) > sign * limit) result.reason[i] = reason;
      }
    }
  };
  by_quantile(reject.below_quantile, -1.0, "below");
  by_quantile(reject.above_quantile, 1.0, "above");

  if (options.source_prior.reject_quantile > 0) {
    const auto means = source_means(table, rows, options);
    const auto types = group_rows(table, rows, {"question_type"});
    std::vector<std::vector<double>> of_type(types.count);
    for (std::size_t i = 0; i < rows.size(); ++i) of_type[types.group_of[i]].push_back(means[i]);
    std::vector<double> limits;
    for (auto& values : of_type) {
      limits.push_back(quantile(values, options.source_prior.reject_quantile));
    }
    const std::int32_t reason =
        begin_reason("source prior of " + options.source_prior.column + " in the lowest quantile");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!is_rejected(i) && means[i] < limits[types.group_of[i]]) result.reason[i] = reason;
    }
  }
  return result;
}

}  // namespace winnow
