#include "core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace winnow {
namespace {

// Every number of the project hangs on these: other values mean that no stored result can be
// reproduced.
TEST(RandomStream, HasTheSameValuesEverywhere) {
  RandomStream random(7, "selector/uniform");
  EXPECT_EQ(random.next(), 12256717926142763207u);
  EXPECT_EQ(random.next(), 14074202385259405499u);
  EXPECT_EQ(random.next(), 801235353738337933u);
}

TEST(RandomStream, DependsOnSeedAndName) {
  EXPECT_EQ(RandomStream(1, "a").next(), RandomStream(1, "a").next());
  EXPECT_NE(RandomStream(1, "a").next(), RandomStream(2, "a").next());
  EXPECT_NE(RandomStream(1, "a").next(), RandomStream(1, "b").next());
}

// A bound of 3 * 2^62 is where a plain remainder would draw the lowest third twice as often.
TEST(RandomStream, BelowHasNoModuloBias) {
  RandomStream random(1, "bias");
  const std::uint64_t third = std::uint64_t{1} << 62;
  std::vector<int> counts(3);
  for (int i = 0; i < 30000; ++i) {
    const std::uint64_t value = random.below(3 * third);
    ASSERT_LT(value, 3 * third);
    ++counts[value / third];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10000, 5 * std::sqrt(30000.0 * 2 / 9));
}

TEST(RandomStream, BelowIsUniform) {
  RandomStream random(2, "below");
  std::vector<double> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  double chi_squared = 0;
  for (const double count : counts) chi_squared += (count - 10000) * (count - 10000) / 10000;
  EXPECT_LT(chi_squared, 22.5);  // 99.9 % point with 6 degrees of freedom
  EXPECT_EQ(random.below(1), 0u);
}

TEST(RandomStream, IntegerIncludesBothEnds) {
  RandomStream random(3, "integer");
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random.integer(-1, 1));
  EXPECT_EQ(seen, (std::set<std::int64_t>{-1, 0, 1}));
}

TEST(RandomStream, UniformAndNormalHaveTheirMoments) {
  RandomStream random(4, "moments");
  const int draws = 100000;
  double sum = 0, normal_sum = 0, normal_squares = 0;
  for (int i = 0; i < draws; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
    const double normal = random.normal();
    normal_sum += normal;
    normal_squares += normal * normal;
  }
  EXPECT_NEAR(sum / draws, 0.5, 5 * std::sqrt(1.0 / 12 / draws));
  EXPECT_NEAR(normal_sum / draws, 0.0, 5 / std::sqrt(draws));
  EXPECT_NEAR(normal_squares / draws, 1.0, 5 * std::sqrt(2.0 / draws));
}

TEST(RandomStream, WeightedFollowsTheWeights) {
  RandomStream random(5, "weighted");
  std::vector<int> counts(4);
  for (int i = 0; i < 20000; ++i) ++counts[random.weighted({1.0, 0.0, 3.0, 0.0})];
  EXPECT_EQ(counts[1] + counts[3], 0);
  EXPECT_NEAR(counts[0], 5000, 5 * std::sqrt(20000 * 0.25 * 0.75));
}

TEST(RandomStream, ShuffleReachesEveryOrderEquallyOften) {
  RandomStream random(6, "shuffle");
  std::map<std::vector<int>, int> orders;
  for (int i = 0; i < 24000; ++i) {
    std::vector<int> values = {0, 1, 2, 3};
    random.shuffle(values);
    ++orders[values];
  }
  EXPECT_EQ(orders.size(), 24u);
  for (const auto& [order, count] : orders) EXPECT_NEAR(count, 1000, 5 * std::sqrt(1000.0));
}

TEST(RandomStream, SampleIndicesAreDistinctAndAllOfThemWhenAskedFor) {
  RandomStream random(7, "sample");
  const auto some = random.sample_indices(100, 40);
  EXPECT_EQ(some.size(), 40u);
  EXPECT_EQ(std::set<std::size_t>(some.begin(), some.end()).size(), 40u);
  auto all = random.sample_indices(50, 50);
  std::sort(all.begin(), all.end());
  std::vector<std::size_t> expected(50);
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  EXPECT_EQ(all, expected);
  EXPECT_TRUE(random.sample_indices(0, 0).empty());
}

}  // namespace
}  // namespace winnow
