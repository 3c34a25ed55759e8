#include "selectors/allocation.h"

#include <gmock/gmock.h>

#include "core/random.h"
#include "selectors/apportion.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;

// Exhaustive search over all counts of two sources decides whether constraints can be met.
TEST(Allocation, MeetsConstraintsExactlyWhenTheyCanBeMet) {
  int possible = 0, impossible = 0;
  for (std::uint64_t trial = 0; trial < 400; ++trial) {
    RandomStream random(trial, "tests/allocation");
    Constraints constraints;
    constraints.budget = random.integer(1, 8);
    constraints.video_minimum = random.integer(0, constraints.budget);
    constraints.video_maximum = random.integer(constraints.video_minimum, constraints.budget);
    constraints.temporal_minimum = random.integer(0, constraints.video_maximum);
    std::vector<KindCounts> available(2), desired(2);
    for (std::size_t s = 0; s < 2; ++s) {
      constraints.source_names.push_back(s == 0 ? "a" : "b");
      constraints.source_cap.push_back(random.integer(1, constraints.budget));
      constraints.source_floor.push_back(random.integer(0, constraints.source_cap[s]));
      for (std::size_t k = 0; k < kRowKinds; ++k) {
        available[s][k] = random.integer(0, 4);
        desired[s][k] = random.integer(0, available[s][k]);
      }
    }
    const auto all_met = [&](const std::vector<KindCounts>& counts) {
      for (const auto& report : judge(constraints, counts)) {
        if (!report.met) return false;
      }
      return true;
    };
    bool can_be_met = false;
    std::vector<KindCounts> c(2);
    for (c[0][0] = 0; c[0][0] <= available[0][0]; ++c[0][0])
      for (c[0][1] = 0; c[0][1] <= available[0][1]; ++c[0][1])
        for (c[0][2] = 0; c[0][2] <= available[0][2]; ++c[0][2])
          for (c[1][0] = 0; c[1][0] <= available[1][0]; ++c[1][0])
            for (c[1][1] = 0; c[1][1] <= available[1][1]; ++c[1][1])
              for (c[1][2] = 0; c[1][2] <= available[1][2]; ++c[1][2])
                can_be_met = can_be_met || all_met(c);
    const auto result = allocate(constraints, available, desired, {});
    for (std::size_t s = 0; s < 2; ++s) {
      for (std::size_t k = 0; k < kRowKinds; ++k) {
        ASSERT_GE(result[s][k], 0);
        ASSERT_LE(result[s][k], available[s][k]);
      }
    }
    EXPECT_EQ(all_met(result), can_be_met) << trial;
    ++(can_be_met ? possible : impossible);
  }
  EXPECT_GT(possible, 40);
  EXPECT_GT(impossible, 40);
}

TEST(Apportion, SplitsInProportionWithinCapacities) {
  EXPECT_THAT(apportion(10, {1, 1, 2}, {10, 10, 10}, {0, 0, 1}), ElementsAre(3, 2, 5));
  EXPECT_THAT(apportion(10, {1, 1, 2}, {10, 10, 10}, {0, 1, 0}), ElementsAre(2, 3, 5));
  EXPECT_THAT(apportion(10, {1, 1, 8}, {10, 10, 4}, {0, 0, 0}), ElementsAre(3, 3, 4));
  EXPECT_THAT(apportion(10, {1, 0}, {4, 10}, {0, 0}), ElementsAre(4, 6));
  EXPECT_THAT(apportion(10, {1, 1}, {2, 3}, {0, 0}), ElementsAre(2, 3));
  EXPECT_THAT(apportion(0, {1, 1}, {2, 3}, {0, 0}), ElementsAre(0, 0));
  // Fewer rows than equal strata: the strata with the best rows get them, not the first ones.
  EXPECT_THAT(apportion(2, {1, 1, 1, 1}, {5, 5, 5, 5}, {0, 3, 1, 2}), ElementsAre(0, 1, 0, 1));
}

}  // namespace
}  // namespace winnow
