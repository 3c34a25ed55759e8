#include "media/clip_part.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

Media part(std::optional<double> start, std::optional<double> end) {
  Media medium;
  medium.kind = Media::Kind::video;
  medium.start = start;
  medium.end = end;
  return medium;
}

TEST(ClipPart, HoldsTheFramesFromItsStartToItsEnd) {
  const std::vector<double> times = {0.0, 0.5, 1.0, 1.5, 2.0, 2.5};
  EXPECT_EQ(frames_of_part(part({}, {}), times), (FrameRange{0, 6}));
  EXPECT_EQ(frames_of_part(part(1.0, 2.0), times), (FrameRange{2, 3}));
  EXPECT_EQ(frames_of_part(part(0.9, {}), times), (FrameRange{2, 4}));
  EXPECT_EQ(frames_of_part(part({}, 0.4), times), (FrameRange{0, 1}));
  EXPECT_EQ(frames_of_part(part(1.00005, 1.49995), times), (FrameRange{2, 2}));  // clock steps
  EXPECT_EQ(frames_of_part(part(1.1, 1.4), times).count, 0);
  EXPECT_EQ(frames_of_part(part(9.0, {}), times).count, 0);
  EXPECT_EQ(frames_of_part(part({}, 1e300), times), (FrameRange{0, 6}));
}

TEST(ClipPart, AnEvenRateGivesTheSameFrames) {
  for (const double rate : {1.0, 2.0, 24.0, 29.97, 30.0}) {
    std::vector<double> times;
    for (int i = 0; i < 100; ++i) times.push_back(i / rate);
    for (const double start : {0.0, 0.3, 1.0, 1.99, 2.5, 40.0}) {
      for (const double length : {0.2, 1.0, 2.0, 1e9}) {
        const Media medium = part(start, start + length);
        const FrameRange exact = frames_of_part(medium, times);
        const FrameRange expected = frames_of_part(medium, 100, rate);
        EXPECT_EQ(expected.count, exact.count) << rate << " " << start << " " << length;
        if (exact.count > 0) {
          EXPECT_EQ(expected.first, exact.first) << rate << " " << start;
        }
      }
    }
  }
  EXPECT_EQ(frames_of_part(part(1.0, 2.0), 10, std::nullopt), (FrameRange{0, 10}));
}

TEST(ClipPart, LastsNoLongerThanTheClip) {
  EXPECT_EQ(duration_of_part(part({}, {}), 4.0), 4.0);
  EXPECT_EQ(duration_of_part(part(1.0, 2.5), 4.0), 1.5);
  EXPECT_EQ(duration_of_part(part(3.0, 9.0), 4.0), 1.0);
  EXPECT_EQ(duration_of_part(part(3.0, {}), 4.0), 1.0);
  EXPECT_EQ(duration_of_part(part(9.0, {}), 4.0), 0.0);
  EXPECT_EQ(duration_of_part(part(1.0, 2.0), std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace winnow
