#pragma once
// Several comparisons of the same methods in one table.

#include <optional>
#include <string>
#include <vector>

#include "experiments/comparison/comparison_numbers.h"
#include "report/table.h"

namespace winnow {

struct GridEntry {
  std::string label;
  ComparisonNumbers numbers;
  std::vector<std::optional<double>> wrong_shares;  // by method, 0 to 1; absent for the base
};

// Mean over seeds of the share of wrong answers in a method's subset.
std::optional<double> mean_wrong_share(const MethodResult& method);

// A row for each setting and method. The differences are to the setting's own reference, the gain
// is over its own base.
Table grid_table(const std::string& title, const std::vector<GridEntry>& entries);

}  // namespace winnow
