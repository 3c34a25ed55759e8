#include "selectors/gdo_score.h"

#include <gmock/gmock.h>

#include "tables.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using testing::make_table;

TEST(Score, LeavesOutTermsThatDoNotApply) {
  SampleTable table = make_table({200, 1, 0.5, 0.5, 0.0, 0.0, false}, 9);
  const std::vector<std::size_t> rows = [&] {
    std::vector<std::size_t> all(table.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    return all;
  }();
  GdoOptions options;
  options.weights = {{"optical_flow", 3.0}, {"loss", 4.0}};
  const Scores scores = score_rows(table, rows, options);
  options.weights = {{"loss", 4.0}};
  const Scores loss_only = score_rows(table, rows, options);
  for (const auto row : rows) {
    if (table.rows().modality(row) == Modality::video) continue;
    EXPECT_EQ(scores.terms[1][row], 0.0);                                // optical flow
    EXPECT_NEAR(scores.total[row], loss_only.total[row] * 5 / 4, 1e-9);  // sqrt(9 + 16) / 4
  }
}

TEST(Standardise, IsRobustAndNeverNaN) {
  EXPECT_THAT(standardise({5, 5, 5}, Scale::robust, 3), ElementsAre(0, 0, 0));
  // Quartiles of 1..5 are 2 and 4: scale 2 / 1.349.
  const auto scaled = standardise({1, 2, 3, 4, 5}, Scale::robust, 3);
  EXPECT_NEAR(scaled[4], 2 / (2 / 1.3489795), 1e-6);
  EXPECT_DOUBLE_EQ(scaled[2], 0.0);
  // More than half equal: an IQR of 0 must not erase the others, nor explode them.
  const auto spiked = standardise({0, 0, 0, 0, 0, 0, 0, 0, 0, 10}, Scale::robust, 3);
  EXPECT_DOUBLE_EQ(spiked[0], 0.0);
  EXPECT_DOUBLE_EQ(spiked[9], 3.0);  // clipped
  const auto ranks = standardise({10, 20, 30}, Scale::rank, 3);
  EXPECT_NEAR(ranks[0], -0.967421566, 1e-8);  // the normal quantile of 1/6
  EXPECT_NEAR(ranks[1], 0.0, 1e-12);
  const auto ties = standardise({1, 1, 2, 2}, Scale::rank, 3);
  EXPECT_NEAR(ties[0], -0.67448975, 1e-7);  // both at 1/4
  EXPECT_EQ(ties[0], ties[1]);
}

}  // namespace
}  // namespace winnow
