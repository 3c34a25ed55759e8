#include "selectors/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/hash.h"

namespace winnow {

namespace {

// Rows that must not be taken: those that the input names, and those with a failed cell.
std::map<std::size_t, UnusableRow> unusable_rows(const SelectionInput& input) {
  std::map<std::size_t, UnusableRow> unusable = input.unusable;
  for (const std::string& name : input.table.column_names()) {
    const Column& column = input.table.column(name);
    for (std::size_t row = 0; row < column.size(); ++row) {
      if (static_cast<CellState>(column.states(row)) != CellState::failed) continue;
      unusable.try_emplace(row, UnusableRow{failed_cell(name), ""});
    }
  }
  return unusable;
}

}  // namespace

std::string failed_cell(const std::string& column) { return measurement_failed(column); }

std::vector<std::size_t> candidate_rows(const SelectionInput& input, const std::string& purpose,
                                        Selection& selection,
                                        const std::function<std::string(std::size_t row)>& reject) {
  const RowTable& facts = input.table.rows();
  selection.account.open(facts.size());
  const std::map<std::size_t, UnusableRow> unusable = unusable_rows(input);
  // Rows of equal content follow each other, the smallest id first.
  std::vector<std::uint32_t> sorted;
  sorted.reserve(facts.size());
  for (std::uint32_t row = 0; row < facts.size(); ++row) {
    if (unusable.empty() || !unusable.contains(row)) sorted.push_back(row);
  }
  std::sort(sorted.begin(), sorted.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (facts.content(a) != facts.content(b)) return facts.content(a) < facts.content(b);
    const int order = facts.id(a).compare(facts.id(b));
    return order != 0 ? order < 0 : a < b;
  });
  std::vector<std::uint32_t> first(facts.size());  // of each row's content
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const bool is_new = i == 0 || facts.content(sorted[i]) != facts.content(sorted[i - 1]);
    first[sorted[i]] = is_new ? sorted[i] : first[sorted[i - 1]];
  }
  sorted = {};

  const std::uint64_t hash_seed = hash64(purpose, input.seed);
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
  for (std::uint32_t row = 0; row < facts.size(); ++row) {
    if (const auto found = unusable.find(row); found != unusable.end()) {
      selection.exclude(row, found->second);
      continue;
    }
    if (first[row] != row) {
      selection.exclude(row, kDuplicateContent, static_cast<std::int32_t>(first[row]));
      continue;
    }
    if (reject) {
      if (const std::string reason = reject(row); !reason.empty()) {
        selection.exclude(row, reason);
        continue;
      }
    }
    order.emplace_back(hash64(facts.content_digest(row), hash_seed), row);
  }
  first = {};
  std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    return facts.content(a.second) < facts.content(b.second);
  });
  std::vector<std::size_t> rows;
  rows.reserve(order.size());
  for (const auto& [hash, row] : order) rows.push_back(row);
  return rows;
}

std::string exclusions_text(const Selection& selection) {
  std::string text;
  for (const auto& [reason, count] : selection.excluded) {
    text += fmt::format("{}{} {}", text.empty() ? " (left out: " : ", ", count, reason);
  }
  return text.empty() ? text : text + ")";
}

Column column_or_fact(const SampleTable& table, const std::string& name) {
  if (name != kAnswerWords) return table.column(name);
  Column column = Column::missing(name, table.size());
  for (std::size_t row = 0; row < table.size(); ++row) {
    column.set(row, static_cast<double>(table.rows().answer_words(row)));
  }
  return column;
}

std::vector<std::string> without_facts(std::vector<std::string> names) {
  for (const char* fact : {kAnswerWords, "source", "question_type"}) std::erase(names, fact);
  return names;
}

void require_rows(const SelectionInput& input, const std::string& option, std::int64_t budget,
                  std::int64_t available, const Selection& selection) {
  if (available >= budget) return;
  throw ConstraintError(fmt::format(
      "{}: the budget is {} rows, but only {} can be chosen: {} short{}. Lower the "
      "budget or enlarge the pool.",
      input.key(option), budget, available, budget - available, exclusions_text(selection)));
}

}  // namespace winnow
