#include "selectors/budget.h"

#include <fmt/format.h>

#include <cmath>

#include "core/errors.h"
#include "selectors/candidates.h"

namespace winnow {

config::Help help(const BudgetOptions&) {
  return {{"budget", "number of rows to take; not given or 0 when share is, and 1000 without both",
           config::at_least(0)},
          {"share",
           "share of the pool's distinct rows that could be measured to take, to the nearest whole "
           "row; 0 when budget is given",
           config::between(0, 1)}};
}

config::Help help_with_budget(config::Help own) {
  config::Help all = help(BudgetOptions());
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

void BudgetOptions::check() const {
  const bool is_number = budget.value_or(share ? 0 : kDefault) > 0;
  if (is_number != is_share()) return;
  throw OptionError(
      budget ? "budget" : "share",
      fmt::format("set either budget or share and leave the other at 0; they are {} and {}",
                  budget.value_or(0), share.value_or(0.0)));
}

std::int64_t BudgetOptions::of(std::int64_t rows, const SelectionInput& input) const {
  if (!is_share()) return budget.value_or(kDefault);
  const std::int64_t wanted = std::llround(*share * static_cast<double>(rows));
  if (wanted > 0) return wanted;
  throw ConstraintError(
      fmt::format("{} = {} of {} rows is less than half a row; raise it or give a budget",
                  input.key("share"), *share, rows));
}

std::int64_t distinct_rows(const SampleTable& table, const Selection& selection) {
  const auto found = selection.excluded.find(kDuplicateContent);
  const std::int64_t repeated = found == selection.excluded.end() ? 0 : found->second;
  return static_cast<std::int64_t>(table.size()) - repeated - selection.unusable;
}

}  // namespace winnow
