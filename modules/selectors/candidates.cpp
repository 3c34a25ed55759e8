#include "selectors/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/hash.h"

namespace winnow {

std::vector<std::size_t> candidate_rows(const SampleTable& table, std::uint64_t seed,
                                        const std::string& purpose, Selection& selection,
                                        const std::function<std::string(std::size_t row)>& reject) {
  const RowTable& facts = table.rows();
  selection.account.open(facts.size());
  // Rows of equal content follow each other, the smallest id first.
  std::vector<std::uint32_t> sorted(facts.size());
  std::iota(sorted.begin(), sorted.end(), std::uint32_t{0});
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

  const std::uint64_t hash_seed = hash64(purpose, seed);
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
  for (std::uint32_t row = 0; row < facts.size(); ++row) {
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

void require_rows(const std::string& selector, std::int64_t budget, std::int64_t available,
                  const Selection& selection) {
  if (available >= budget) return;
  throw ConstraintError(fmt::format(
      "selector {}: the budget is {} rows, but only {} can be chosen: {} short{}. Lower the "
      "budget or enlarge the pool.",
      selector, budget, available, budget - available, exclusions_text(selection)));
}

}  // namespace winnow
