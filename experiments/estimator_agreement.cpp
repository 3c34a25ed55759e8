#include "experiments/estimator_agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace winnow {
namespace {

std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) {
      ranks[order[i]] = static_cast<double>(begin + end - 1) / 2.0;
    }
    begin = end;
  }
  return ranks;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto count = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / count;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / count;
  double products = 0.0, squares_a = 0.0, squares_b = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    products += (a[i] - mean_a) * (b[i] - mean_b);
    squares_a += (a[i] - mean_a) * (a[i] - mean_a);
    squares_b += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return products / std::sqrt(squares_a * squares_b);
}

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
  return {correlation(ranks_of(a), ranks_of(b)),
          static_cast<double>(both) / static_cast<double>(count)};
}

}  // namespace winnow
