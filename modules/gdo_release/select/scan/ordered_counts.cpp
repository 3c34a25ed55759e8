#include "gdo_release/select/scan/ordered_counts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace winnow::gdo_release {

std::int64_t OrderedCounts::total() const {
  std::int64_t sum = 0;
  for (const NamedCount& entry : entries_) sum += entry.count;
  return sum;
}

std::vector<NamedCount> OrderedCounts::most_common(std::size_t count) const {
  std::vector<NamedCount> sorted = entries_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& left, const auto& right) { return left.count > right.count; });
  sorted.resize(std::min(count, sorted.size()));
  return sorted;
}

std::vector<std::int64_t> largest_remainder_quotas(const OrderedCounts& counts,
                                                   std::int64_t total) {
  const auto& entries = counts.entries();
  const auto sum = static_cast<double>(counts.total());
  if (sum <= 0) return {};
  std::vector<std::int64_t> quotas;
  std::vector<double> remainders;
  for (const NamedCount& entry : entries) {
    const double share = static_cast<double>(total) * (static_cast<double>(entry.count) / sum);
    quotas.push_back(static_cast<std::int64_t>(std::floor(share)));
    remainders.push_back(share - static_cast<double>(quotas.back()));
  }
  std::vector<std::size_t> order(entries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return remainders[left] > remainders[right];
  });
  const std::int64_t rest = total - std::accumulate(quotas.begin(), quotas.end(), std::int64_t{0});
  for (std::int64_t i = 0; i < rest; ++i) {
    ++quotas[order[static_cast<std::size_t>(i) % order.size()]];
  }
  return quotas;
}

}  // namespace winnow::gdo_release
