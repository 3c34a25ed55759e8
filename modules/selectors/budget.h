#pragma once
// How many rows a selector takes: a number of them or a share, for every selector alike.

#include <cstdint>
#include <optional>
#include <string>

#include "config/options.h"
#include "selectors/selector.h"

namespace winnow {

// A selector's options inherit from it.
struct BudgetOptions {
  std::optional<std::int64_t> budget;
  std::optional<double> share;

  bool is_share() const { return share.value_or(0.0) > 0; }

  // The option that says how many.
  std::string option() const { return is_share() ? "share" : "budget"; }
  // Throws OptionError where both are above 0, and where both are given as 0.
  void check() const;
  // Without either, as many as this.
  static constexpr std::int64_t kDefault = 1000;
  // The number of rows, of `rows` that a share is of. Throws ConstraintError, by the user's key,
  // for a share of them that is no row.
  std::int64_t of(std::int64_t rows, const SelectionInput& input) const;
};
BOOST_DESCRIBE_STRUCT(BudgetOptions, (), (budget, share))
config::Help help(const BudgetOptions&);

// Rows of the table that could be measured, but for those whose content another one has: what a
// share is of, so that missing values and filters do not shrink a subset.
std::int64_t distinct_rows(const SampleTable& table, const Selection& selection);

// The help of options that inherit from BudgetOptions.
config::Help help_with_budget(config::Help own);

}  // namespace winnow
