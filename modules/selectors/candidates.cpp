#include "selectors/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "core/hash.h"

namespace winnow {

std::vector<std::size_t> candidate_rows(const SampleTable& table, std::uint64_t seed,
                                        const std::string& purpose, Selection& selection,
                                        const std::function<std::string(std::size_t row)>& reject) {
  const auto& facts = table.rows();
  selection.account.open(facts.size());
  std::unordered_map<std::string_view, std::size_t> first;  // content digest -> row of smallest id
  for (std::size_t row = 0; row < facts.size(); ++row) {
    const auto [found, inserted] = first.emplace(facts[row].content_digest, row);
    if (!inserted && facts[row].id < facts[found->second].id) found->second = row;
  }
  const std::uint64_t hash_seed = hash64(purpose, seed);
  std::vector<std::tuple<std::uint64_t, std::string_view, std::size_t>> order;
  order.reserve(first.size());
  for (std::size_t row = 0; row < facts.size(); ++row) {
    const std::string_view digest = facts[row].content_digest;
    if (const std::size_t kept = first.at(digest); kept != row) {
      selection.exclude(row, "duplicate content", static_cast<std::int64_t>(kept));
      continue;
    }
    if (reject) {
      if (const std::string reason = reject(row); !reason.empty()) {
        selection.exclude(row, reason);
        continue;
      }
    }
    order.emplace_back(hash64(digest, hash_seed), digest, row);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> rows;
  rows.reserve(order.size());
  for (const auto& entry : order) rows.push_back(std::get<2>(entry));
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
      "selector {}: the budget is {} rows, but only {} can be chosen: {} short{}. Lower "
      "selector.budget or enlarge the pool.",
      selector, budget, available, budget - available, exclusions_text(selection)));
}

}  // namespace winnow
