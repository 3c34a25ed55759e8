#include "report/ranks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace winnow {

std::vector<double> mean_ranks(const std::vector<double>& values) {
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

double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> left = mean_ranks(a), right = mean_ranks(b);
  const double mean = (static_cast<double>(a.size()) - 1.0) / 2.0;
  double products = 0.0, left_squares = 0.0, right_squares = 0.0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    products += (left[i] - mean) * (right[i] - mean);
    left_squares += (left[i] - mean) * (left[i] - mean);
    right_squares += (right[i] - mean) * (right[i] - mean);
  }
  return products / std::sqrt(left_squares * right_squares);
}

double area_under_roc(const std::vector<double>& values, const std::vector<bool>& positive) {
  const std::vector<double> ranks = mean_ranks(values);
  double positives = 0.0, rank_sum = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!positive[i]) continue;
    ++positives;
    rank_sum += ranks[i];
  }
  const double negatives = static_cast<double>(values.size()) - positives;
  if (positives == 0 || negatives == 0) return std::numeric_limits<double>::quiet_NaN();
  return (rank_sum - positives * (positives - 1) / 2) / (positives * negatives);
}

}  // namespace winnow
