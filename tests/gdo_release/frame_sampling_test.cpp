#include "gdo_release/frame_sampling.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "gdo_release/golden_rows.h"

namespace winnow::gdo_release {
namespace {

using testing_support::golden_rows;

TEST(GoldenReleaseFrameSampling, PlacesOfFrames) {
  std::size_t rows = 0;
  for (const auto& row : golden_rows("text/sample_indices.jsonl")) {
    EXPECT_EQ(sample_frames(row.at(0).as_int64(), row.at(1).as_int64()),
              boost::json::value_to<std::vector<std::int64_t>>(row.at(2)))
        << boost::json::serialize(row);
    ++rows;
  }
  EXPECT_GT(rows, 100u);
}

TEST(ReleaseFrameSampling, TakesAllOrSpreadsThemEvenly) {
  using Places = std::vector<std::int64_t>;
  EXPECT_EQ(sample_frames(1, 1), Places{0});
  EXPECT_EQ(sample_frames(3, 0), (Places{0, 1, 2}));
  EXPECT_EQ(sample_frames(6, 4), (Places{0, 2, 3, 5}));
  EXPECT_THROW(sample_frames(2, 1), ConfigError);
}

}  // namespace
}  // namespace winnow::gdo_release
