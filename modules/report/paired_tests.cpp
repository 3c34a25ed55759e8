#include "report/paired_tests.h"

#include <algorithm>
#include <bit>
#include <boost/math/distributions/binomial.hpp>
#include <cassert>
#include <cmath>
#include <map>
#include <numeric>

#include "core/random.h"

namespace winnow {
namespace {

constexpr std::size_t kAllWays = 16;  // differences whose signs are tried in all ways

// Sums of the same differences in another order differ in their last bits.
double threshold_of(double observed, const std::vector<double>& differences) {
  double size = 0.0;
  for (const double difference : differences) size += std::abs(difference);
  return std::abs(observed) - 1e-12 * size;
}

double share_of_all_ways(const std::vector<double>& differences, double threshold) {
  const std::uint64_t ways = std::uint64_t{1} << differences.size();
  std::uint64_t as_far = 0;
  for (std::uint64_t signs = 0; signs < ways; ++signs) {
    double sum = 0.0;
    for (std::size_t i = 0; i < differences.size(); ++i) {
      sum += (signs >> i & 1) != 0 ? differences[i] : -differences[i];
    }
    as_far += std::abs(sum) >= threshold ? 1 : 0;
  }
  return static_cast<double>(as_far) / static_cast<double>(ways);
}

// Differences of one size: their signs are so many random bits, of which only the number counts.
// Answers that are right or wrong have few sizes.
struct Group {
  double size = 0.0;
  std::int64_t count = 0;
};

std::vector<Group> groups_of(const std::vector<double>& differences) {
  std::map<double, std::int64_t> counts;
  for (const double difference : differences) ++counts[std::abs(difference)];
  std::vector<Group> groups;
  for (const auto& [size, count] : counts) groups.push_back({size, count});
  return groups;
}

class Bits {
 public:
  explicit Bits(std::uint64_t seed) : random_(seed, "report/sign_flips") {}

  // How many of the next `wanted` bits are set.
  std::int64_t count(std::int64_t wanted) {
    std::int64_t set = 0;
    while (wanted > 0) {
      if (left_ == 0) {
        word_ = random_.next();
        left_ = 64;
      }
      const std::int64_t taken = std::min(wanted, left_);
      const std::uint64_t part = taken == 64 ? word_ : word_ & ((std::uint64_t{1} << taken) - 1);
      set += std::popcount(part);
      word_ = taken == 64 ? 0 : word_ >> taken;
      left_ -= taken;
      wanted -= taken;
    }
    return set;
  }

 private:
  RandomStream random_;
  std::uint64_t word_ = 0;
  std::int64_t left_ = 0;
};

}  // namespace

double sign_test(std::int64_t wins, std::int64_t losses) {
  assert(wins >= 0 && losses >= 0);
  if (wins + losses == 0) return 1.0;
  const boost::math::binomial_distribution<double> fair(static_cast<double>(wins + losses), 0.5);
  return std::min(1.0, 2.0 * boost::math::cdf(fair, static_cast<double>(std::min(wins, losses))));
}

double sign_flip_test(const std::vector<double>& given, const SignFlipOptions& options) {
  assert(options.draws > 0);
  std::vector<double> differences;
  for (const double difference : given) {
    if (difference != 0.0) differences.push_back(difference);
  }
  if (differences.empty()) return 1.0;
  const double observed = std::accumulate(differences.begin(), differences.end(), 0.0);
  const double threshold = threshold_of(observed, differences);
  if (differences.size() <= kAllWays) return share_of_all_ways(differences, threshold);
  const std::vector<Group> groups = groups_of(differences);
  Bits bits(options.seed);
  std::int64_t as_far = 0;
  for (std::int64_t draw = 0; draw < options.draws; ++draw) {
    double sum = 0.0;
    for (const Group& group : groups) {
      const std::int64_t positive = bits.count(group.count);
      sum += group.size * static_cast<double>(2 * positive - group.count);
    }
    as_far += std::abs(sum) >= threshold ? 1 : 0;
  }
  return static_cast<double>(1 + as_far) / static_cast<double>(1 + options.draws);
}

std::vector<double> holm(const std::vector<double>& p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, p_values[order[i]] * static_cast<double>(order.size() - i));
    adjusted[order[i]] = std::min(1.0, largest);
  }
  return adjusted;
}

}  // namespace winnow
