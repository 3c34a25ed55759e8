#include "experiments/estimators/estimator_agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "report/ranks.h"

namespace winnow {
namespace {

// Whether each value is among the `count` highest, the first of equals first.
std::vector<bool> highest(const std::vector<double>& values, std::size_t count) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  std::vector<bool> result(values.size(), false);
  for (std::size_t i = 0; i < count; ++i) result[order[i]] = true;
  return result;
}

}  // namespace

Agreement agreement_of(const Column& column, const Column& reference, double top_share) {
  std::vector<double> a, b;
  for (std::size_t row = 0; row < column.values.size(); ++row) {
    if (!column.valid(row) || !reference.valid(row)) continue;
    a.push_back(column.values(row));
    b.push_back(reference.values(row));
  }
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  if (a.size() < 2) return {nothing, nothing};
  const auto count = std::max<std::size_t>(
      1, static_cast<std::size_t>(std::llround(top_share * static_cast<double>(a.size()))));
  const std::vector<bool> of_a = highest(a, count), of_b = highest(b, count);
  std::size_t both = 0;
  for (std::size_t i = 0; i < a.size(); ++i) both += of_a[i] && of_b[i] ? 1 : 0;
  return {rank_correlation(a, b), static_cast<double>(both) / static_cast<double>(count)};
}

}  // namespace winnow
