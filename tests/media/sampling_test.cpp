#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/bind.h"
#include "core/errors.h"
#include "media/frames.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

SamplingOptions uniform(std::int64_t frames) {
  SamplingOptions options;
  options.frames = frames;
  return options;
}

SamplingOptions fps(double rate, std::int64_t minimum, std::int64_t maximum) {
  SamplingOptions options;
  options.mode = SamplingOptions::Mode::fps;
  options.frames_per_second = rate;
  options.minimum_frames = minimum;
  options.maximum_frames = maximum;
  return options;
}

TEST(SamplingTest, UniformTakesBothEndsAndRoundsHalfToEven) {
  EXPECT_THAT(sample_frame_indices(5, {}, uniform(2)), ElementsAre(0, 4));
  EXPECT_THAT(sample_frame_indices(10, 25, uniform(4)), ElementsAre(0, 3, 6, 9));
  EXPECT_THAT(sample_frame_indices(4, 25, uniform(3)), ElementsAre(0, 2, 3));  // 1.5 rounds to 2
  EXPECT_THAT(sample_frame_indices(6, 25, uniform(3)), ElementsAre(0, 2, 5));  // 2.5 rounds to 2
  EXPECT_THAT(sample_frame_indices(3, 25, uniform(8)), ElementsAre(0, 1, 2));
  EXPECT_THAT(sample_frame_indices(9, 25, uniform(1)), ElementsAre(4));
  EXPECT_THAT(sample_frame_indices(1, 25, uniform(8)), ElementsAre(0));
  EXPECT_THAT(sample_frame_indices(0, 25, uniform(8)), IsEmpty());
}

TEST(SamplingTest, UniformIsAscendingAndDistinct) {
  for (std::int64_t total = 1; total < 70; ++total) {
    for (std::int64_t frames = 1; frames < 40; ++frames) {
      const auto indices = sample_frame_indices(total, 25, uniform(frames));
      ASSERT_EQ(static_cast<std::int64_t>(indices.size()), std::min(total, frames));
      for (std::size_t i = 1; i < indices.size(); ++i) ASSERT_LT(indices[i - 1], indices[i]);
      ASSERT_GE(indices.front(), 0);
      ASSERT_LT(indices.back(), total);
    }
  }
}

TEST(SamplingTest, FramesPerSecondKeepsToItsBounds) {
  EXPECT_EQ(sample_frame_indices(250, 25, fps(1, 1, 32)).size(), 10u);
  EXPECT_EQ(sample_frame_indices(250, 25, fps(2, 1, 32)).size(), 20u);
  EXPECT_EQ(sample_frame_indices(250, 25, fps(2, 1, 8)).size(), 8u);
  EXPECT_EQ(sample_frame_indices(25, 25, fps(1, 4, 8)).size(), 4u);
  EXPECT_EQ(sample_frame_indices(3, 25, fps(1, 4, 8)).size(), 3u);
  EXPECT_EQ(sample_frame_indices(31, 25, fps(1, 1, 8)).size(), 1u);   // rounded down
  EXPECT_EQ(sample_frame_indices(100, {}, fps(1, 1, 8)).size(), 4u);  // taken as 24 a second
  EXPECT_EQ(sample_frame_indices(100, 1e-300, fps(1, 4, 8)).size(), 8u);
  EXPECT_THROW(sample_frame_indices(100, 25, fps(1, 9, 8)), ConfigError);
}

TEST(SamplingTest, AMultipleOfFrames) {
  // The evaluations' rule: one frame a second, 4 to 32, an even number.
  SamplingOptions options = fps(1, 4, 32);
  options.multiple_of = 2;
  const std::pair<std::pair<std::int64_t, double>, std::size_t> cases[] = {
      {{300, 30}, 10}, {{75, 30}, 4}, {{128, 25}, 4},     {{744, 24}, 30},
      {{960, 30}, 32}, {{10, 3}, 4},  {{150000, 25}, 32}, {{3, 30}, 2}};
  for (const auto& [clip, count] : cases) {
    EXPECT_EQ(sample_frame_indices(clip.first, clip.second, options).size(), count) << clip.first;
  }
  EXPECT_EQ(sample_frame_indices(1, 30, options).size(), 1u);
}

TEST(SamplingTest, MiddlesOfEqualParts) {
  SamplingOptions options = uniform(3);
  options.spacing = SamplingOptions::Spacing::middles;
  EXPECT_THAT(sample_frame_indices(8, {}, options), ElementsAre(1, 4, 6));
  EXPECT_THAT(sample_frame_indices(2, {}, options), ElementsAre(0, 1));
  EXPECT_THAT(sample_frame_indices(0, {}, options), IsEmpty());
  options.frames = 1;
  EXPECT_THAT(sample_frame_indices(9, {}, options), ElementsAre(4));
}

TEST(SamplingTest, OptionsDescribeThemselves) {
  const auto options = config::describe<SamplingOptions>();
  ASSERT_EQ(options.size(), 8u);
  EXPECT_EQ(options[0].type, "uniform | fps");
  EXPECT_EQ(options[7].default_value, "64000000");
}

}  // namespace
}  // namespace winnow
