#include "selectors/selection.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/hash.h"

namespace winnow {

std::string measurement_failed(const std::string& what) { return "measurement failed: " + what; }

void Account::open(std::size_t count) {
  if (count > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw std::length_error("a selection is made of at most 2^31 - 1 rows");
  }
  reason.assign(count, kNone);
  instead.assign(count, kNone);
  stratum.assign(count, kNone);
  rank.assign(count, 0);
  score.assign(count, 0.0);
}

void Account::open_terms(std::vector<std::string> names) {
  term_names = std::move(names);
  terms.assign(term_names.size(), std::vector<double>(reason.size(), 0.0));
}

std::vector<std::pair<std::string_view, double>> Account::terms_of(std::size_t row) const {
  std::vector<std::pair<std::string_view, double>> parts;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    if (!std::isnan(terms[t][row])) parts.emplace_back(term_names[t], terms[t][row]);
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

void Account::rank_rows(std::string name, const std::vector<std::size_t>& rows, std::int64_t quota,
                        std::int64_t taken) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    stratum[rows[i]] = static_cast<std::int32_t>(strata.size());
    rank[rows[i]] = static_cast<std::int32_t>(i) + 1;
  }
  strata.push_back({std::move(name), static_cast<std::int64_t>(rows.size()), quota, taken});
}

void Selection::exclude(std::size_t row, const std::string& why, std::int32_t instead) {
  ++excluded[why];
  auto& reasons = account.reasons;
  const auto found = std::find(reasons.begin(), reasons.end(), why);
  account.reason[row] = static_cast<std::int32_t>(found - reasons.begin());
  account.instead[row] = instead;
  if (found == reasons.end()) reasons.push_back(why);
}

void Selection::exclude(std::size_t row, const UnusableRow& why) {
  exclude(row, why.reason);
  ++unusable;
  if (!why.detail.empty()) account.details[row] = why.detail;
}

bool Selection::is_weighted() const {
  return std::any_of(rows.begin(), rows.end(),
                     [](const SelectedRow& row) { return row.weight != 1.0; });
}

void Selection::normalise_weights() {
  double sum = 0.0;
  for (const SelectedRow& row : rows) sum += row.weight;
  const double mean = sum / static_cast<double>(rows.size());
  for (SelectedRow& row : rows) row.weight /= mean;
}

std::string subset_digest(const SampleTable& table, const Selection& selection) {
  std::vector<std::pair<std::string_view, double>> taken;
  taken.reserve(selection.rows.size());
  for (const auto& row : selection.rows) taken.emplace_back(table.rows().id(row.row), row.weight);
  std::sort(taken.begin(), taken.end());
  const bool is_weighted = selection.is_weighted();
  Digest digest;
  for (const auto& [id, weight] : taken) {
    digest.add(id);
    if (is_weighted) digest.add(weight);
  }
  return digest.hex();
}

namespace {

struct Count {
  std::int64_t selected = 0, pool = 0;
};

boost::json::object to_json(const std::map<std::string, Count>& counts) {
  boost::json::object result;
  for (const auto& [name, count] : counts) {
    result[name] = boost::json::object{{"selected", count.selected}, {"pool", count.pool}};
  }
  return result;
}

// The effective number of rows is that of equally weighted ones whose mean varies as much: Kish's
// (sum w)^2 / sum w^2.
boost::json::object weights_of(const Selection& selection) {
  double sum = 0.0, squares = 0.0, largest = 0.0;
  double smallest = selection.rows.front().weight;
  for (const SelectedRow& row : selection.rows) {
    sum += row.weight;
    squares += row.weight * row.weight;
    largest = std::max(largest, row.weight);
    smallest = std::min(smallest, row.weight);
  }
  return {{"smallest", smallest}, {"largest", largest}, {"effective_rows", sum * sum / squares}};
}

// Rows of which something could not be measured, or that cannot be written; by id.
boost::json::array unusable_rows(const SampleTable& table, const Account& account) {
  boost::json::array listed;
  for (const std::size_t row : table.rows().by_id()) {
    if (account.reason.empty() || account.reason[row] == Account::kNone) continue;
    const std::string& reason = account.reasons[static_cast<std::size_t>(account.reason[row])];
    const auto detail = account.details.find(row);
    const bool has_detail = detail != account.details.end();
    if (!has_detail && !reason.starts_with(measurement_failed(""))) continue;
    boost::json::object line{{"id", table.rows().id(row)}, {"reason", reason}};
    if (has_detail) line["detail"] = detail->second;
    listed.push_back(std::move(line));
  }
  return listed;
}

}  // namespace

std::string selection_report(const SampleTable& table, const Selection& selection) {
  const RowTable& facts = table.rows();
  std::map<std::string, Count> sources, modalities, question_types;
  const auto tally = [&](std::size_t row, std::int64_t Count::*member) {
    const std::string modality = to_string(facts.modality(row));
    ++(sources[std::string(facts.source(row))].*member);
    ++(modalities[modality].*member);
    ++(question_types[modality + ", " + std::string(facts.question_type(row))].*member);
  };
  for (std::size_t row = 0; row < facts.size(); ++row) tally(row, &Count::pool);

  std::map<std::string, std::int64_t> stages;
  std::map<std::string, double> term_sums;
  double answer_words = 0;
  for (const auto& row : selection.rows) {
    tally(row.row, &Count::selected);
    ++stages[row.stage];
    answer_words += static_cast<double>(facts.answer_words(row.row));
    for (const auto& [name, value] : selection.account.terms_of(row.row)) {
      term_sums[std::string(name)] += value;
    }
  }
  const double count = std::max<double>(1.0, static_cast<double>(selection.rows.size()));

  boost::json::object terms, stage_counts, excluded;
  for (const auto& [name, sum] : term_sums) terms[name] = sum / count;
  for (const auto& [name, rows] : stages) stage_counts[name] = rows;
  for (const auto& [name, rows] : selection.excluded) excluded[name] = rows;
  boost::json::array constraints, warnings;
  for (const auto& constraint : selection.constraints) {
    constraints.push_back(boost::json::object{{"name", constraint.name},
                                              {"wanted", constraint.wanted},
                                              {"achieved", constraint.achieved},
                                              {"met", constraint.met}});
  }
  for (const auto& warning : selection.warnings) warnings.emplace_back(warning);

  boost::json::object report{
      {"selected", selection.rows.size()},
      {"pool", table.size()},
      {"digest", subset_digest(table, selection)},
      {"sources", to_json(sources)},
      {"modalities", to_json(modalities)},
      {"question_types", to_json(question_types)},
      {"stages", stage_counts},
      {"mean_answer_words", answer_words / count},
      {"mean_terms", terms},
      {"constraints", constraints},
      {"excluded", excluded},
      {"warnings", warnings},
  };
  if (selection.is_weighted()) report["weights"] = weights_of(selection);
  if (boost::json::array unusable = unusable_rows(table, selection.account); !unusable.empty()) {
    report["unusable"] = std::move(unusable);
  }
  return boost::json::serialize(report);
}

}  // namespace winnow
