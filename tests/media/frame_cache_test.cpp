#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/errors.h"
#include "media/test_media.h"

namespace winnow {
namespace {

using testing::HasSubstr;

class FrameCacheTest : public testing::Test {
 protected:
  // Picture `i` takes 100 x 100 x 3 bytes and a little.
  Media picture(int i) {
    const auto path = folder_ / (std::to_string(i) + ".png");
    if (!std::filesystem::exists(path)) {
      folder_.write(path.filename().string(),
                    encoded(".png", cv::Mat(100, 100, CV_8UC3, cv::Scalar::all(level_of(i)))));
    }
    return image_at(path);
  }
  TemporaryFolder folder_;
};

TEST_F(FrameCacheTest, DecodesOnceAndForgetsTheLeastRecentlyUsed) {
  FrameCache cache({}, 70'000);  // room for two
  const auto first = cache.get(picture(0));
  EXPECT_EQ(cache.get(picture(0)), first);
  EXPECT_EQ(cache.decoded(), 1u);
  cache.get(picture(1));
  cache.get(picture(0));  // now 1 is the least recently used
  cache.get(picture(2));
  EXPECT_EQ(cache.decoded(), 3u);
  cache.get(picture(0));
  EXPECT_EQ(cache.decoded(), 3u);
  cache.get(picture(1));
  EXPECT_EQ(cache.decoded(), 4u);
  EXPECT_LE(cache.bytes(), 70'000u);
  EXPECT_EQ(numbers_of(*first), std::vector<int>{0});
}

TEST_F(FrameCacheTest, WhatIsLargerThanTheCacheIsHandedOutAllTheSame) {
  FrameCache cache({}, 10'000);
  EXPECT_EQ(numbers_of(*cache.get(picture(3))), std::vector<int>{3});
  cache.get(picture(3));
  EXPECT_EQ(cache.decoded(), 2u);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST_F(FrameCacheTest, AFailureIsRememberedAndRethrown) {
  FrameCache cache({}, 70'000);
  const Media broken = image_at(folder_.write("broken.png", "no picture"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(message_of<DataError>([&] { cache.get(broken); }), HasSubstr("broken.png"));
  }
  EXPECT_EQ(cache.decoded(), 1u);
  EXPECT_EQ(numbers_of(*cache.get(picture(1))), std::vector<int>{1});
}

TEST_F(FrameCacheTest, ConcurrentRequestsShareOneDecode) {
  std::vector<Media> media;
  for (int i = 0; i < 6; ++i) {
    media.push_back(video_at(write_clip(folder_ / (std::to_string(i) + ".mp4"), 6 + i, 10.0)));
  }
  FrameCache cache({}, 1u << 30);
  std::vector<std::vector<std::shared_ptr<const Frames>>> seen(4);
  std::vector<std::thread> threads;
  for (auto& mine : seen) {
    threads.emplace_back([&] {
      for (int pass = 0; pass < 3; ++pass) {
        for (const Media& medium : media) mine.push_back(cache.get(medium));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cache.decoded(), media.size());
  for (const auto& mine : seen) EXPECT_EQ(mine, seen[0]);
}

TEST_F(FrameCacheTest, ThreadsMayWorkInACacheThatIsTooSmall) {
  for (int i = 0; i < 8; ++i) picture(i);
  FrameCache cache({}, 40'000);  // room for one
  std::vector<int> wrong(2, 0);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 2; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 64; ++i) {
        const int wanted = (i * (thread + 1)) % 8;
        wrong[thread] += numbers_of(*cache.get(picture(wanted))) != std::vector<int>{wanted};
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong[0] + wrong[1], 0);
  EXPECT_LE(cache.bytes(), 40'000u);
}

}  // namespace
}  // namespace winnow
