#include "selectors/apportion.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace winnow {
namespace {

// Fills the entries of `open` (all of positive weight) from `total`; returns what is left of it.
std::int64_t fill(std::int64_t total, const std::vector<double>& weights,
                  const std::vector<std::int64_t>& capacities,
                  const std::vector<double>& preference, std::vector<std::size_t> open,
                  std::vector<std::int64_t>& result) {
  // Entries whose share exceeds their capacity are closed at it until none does.
  while (!open.empty() && total > 0) {
    double weight_sum = 0;
    for (const auto i : open) weight_sum += weights[i];
    const double rate = static_cast<double>(total) / weight_sum;
    std::vector<std::size_t> still_open;
    for (const auto i : open) {
      if (rate * weights[i] >= static_cast<double>(capacities[i])) {
        result[i] = capacities[i];
        total -= capacities[i];
      } else {
        still_open.push_back(i);
      }
    }
    if (still_open.size() < open.size()) {
      open = std::move(still_open);
      continue;
    }
    std::vector<std::tuple<double, double, std::size_t>> remainders;
    for (const auto i : open) {
      const double share = rate * weights[i];
      const double whole = std::floor(share + 1e-9);
      result[i] = static_cast<std::int64_t>(whole);
      total -= result[i];
      // Rounded, so that equal weights have equal remainders whatever the arithmetic's last bit.
      remainders.emplace_back(-std::round((share - whole) * 1e9), -preference[i], i);
    }
    std::sort(remainders.begin(), remainders.end());
    for (std::size_t k = 0; k < remainders.size() && total > 0; ++k) {
      const auto i = std::get<2>(remainders[k]);
      if (result[i] < capacities[i]) ++result[i], --total;
    }
    break;
  }
  return total;
}

}  // namespace

std::vector<std::int64_t> apportion(std::int64_t total, const std::vector<double>& weights,
                                    const std::vector<std::int64_t>& capacities,
                                    const std::vector<double>& preference) {
  std::vector<std::int64_t> result(weights.size(), 0);
  std::vector<std::size_t> weighted, unweighted;
  std::vector<double> by_capacity(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (capacities[i] <= 0) continue;
    by_capacity[i] = static_cast<double>(capacities[i]);
    (weights[i] > 0 ? weighted : unweighted).push_back(i);
  }
  total = fill(total, weights, capacities, preference, weighted, result);
  if (total > 0) fill(total, by_capacity, capacities, preference, unweighted, result);
  return result;
}

}  // namespace winnow
