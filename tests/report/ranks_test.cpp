#include "report/ranks.h"

#include <gtest/gtest.h>

#include <cmath>

namespace winnow {
namespace {

TEST(AreaUnderRoc, CountsTiesHalf) {
  EXPECT_DOUBLE_EQ(area_under_roc({1, 2, 3, 4}, {false, false, true, true}), 1.0);
  EXPECT_DOUBLE_EQ(area_under_roc({1, 2, 3, 4}, {true, true, false, false}), 0.0);
  EXPECT_DOUBLE_EQ(area_under_roc({5, 5, 5, 5}, {true, false, true, false}), 0.5);
  EXPECT_DOUBLE_EQ(area_under_roc({1, 2, 2, 3}, {false, true, false, true}), 0.875);
  EXPECT_TRUE(std::isnan(area_under_roc({1, 2}, {true, true})));
}

TEST(RankCorrelation, SharesTheMeanRankOfTies) {
  EXPECT_EQ(mean_ranks({3, 1, 3, 2}), (std::vector<double>{2.5, 0, 2.5, 1}));
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3}, {10, 20, 90}), 1.0);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3}, {9, 2, 1}), -1.0);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 2, 3}, {1, 2, 3, 4}), 4.5 / std::sqrt(4.5 * 5.0));
  EXPECT_TRUE(std::isnan(rank_correlation({1, 2}, {5, 5})));
}

}  // namespace
}  // namespace winnow
