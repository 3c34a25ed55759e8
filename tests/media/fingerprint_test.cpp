#include "media/fingerprint.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "core/files.h"
#include "test_media.h"
#include "tests/temporary_folder.h"

namespace winnow {
namespace {

// Soft light and dark areas, as photographs have; another picture for every seed.
cv::Mat picture(int seed, int width = 320, int height = 240) {
  cv::RNG random(static_cast<std::uint64_t>(seed) + 1);
  cv::Mat coarse(9, 12, CV_8UC3), image;
  random.fill(coarse, cv::RNG::UNIFORM, 0, 256);
  cv::resize(coarse, image, cv::Size(width, height), 0, 0, cv::INTER_CUBIC);
  return image;
}

class FingerprintTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Media write(const std::string& name, const cv::Mat& bgr) const {
    const std::string extension = std::filesystem::path(name).extension().string();
    write_file(folder_ / name, encoded(extension, bgr));
    return image_at(folder_ / name);
  }
  Media write_film(const std::string& name, int seed, double rate, int width, int height) const {
    std::filesystem::create_directories(folder_);
    cv::VideoWriter writer((folder_ / name).string(), cv::CAP_FFMPEG,
                           cv::VideoWriter::fourcc('m', 'p', '4', 'v'), rate,
                           cv::Size(width, height));
    for (int i = 0; i < 12; ++i) writer.write(picture(100 * seed + i / 4, width, height));
    return video_at(folder_ / name);
  }
  const std::filesystem::path folder_ = testing_support::temporary_folder();
};

TEST_F(FingerprintTest, CopiesHaveEqualBytesAndOthersDoNot) {
  const auto one = fingerprint(write("a.png", picture(1)), 4);
  EXPECT_EQ(fingerprint(write("b.png", picture(1)), 4).bytes, one.bytes);
  EXPECT_NE(fingerprint(write("c.png", picture(2)), 4).bytes, one.bytes);
}

TEST_F(FingerprintTest, AnotherSizeOrCompressionLooksTheSame) {
  const auto one = fingerprint(write("a.png", picture(1)), 4);
  const auto compressed = fingerprint(write("a.jpg", picture(1)), 4);
  const auto smaller = fingerprint(write("small.png", picture(1, 200, 150)), 4);
  EXPECT_NE(compressed.bytes, one.bytes);
  EXPECT_LE(distance(one, compressed), 24);
  EXPECT_LE(distance(one, smaller), 24);
  for (int seed = 2; seed < 40; ++seed) {
    EXPECT_GT(distance(one.frames.front(), hash_of_frame(picture(seed))), 48) << seed;
  }
}

TEST_F(FingerprintTest, AClipIsTheSameWhenAllItsFramesAre) {
  const auto film = fingerprint(write_film("a.mp4", 1, 8.0, 320, 240), 4);
  ASSERT_EQ(film.frames.size(), 4U);
  EXPECT_LE(distance(film, fingerprint(write_film("b.mp4", 1, 4.0, 240, 176), 4)), 24);
  EXPECT_GT(distance(film, fingerprint(write_film("c.mp4", 2, 8.0, 320, 240), 4)), 48);
  EXPECT_EQ(distance(film, fingerprint(write("a.png", picture(100)), 4)),
            static_cast<int>(kFrameHashBits));
}

TEST_F(FingerprintTest, BlankPicturesSayNothing) {
  const auto grey = [&](const char* name, int level) {
    return fingerprint(write(name, cv::Mat(64, 64, CV_8UC3, cv::Scalar::all(level))), 4);
  };
  EXPECT_EQ(distance(grey("a.png", 10), grey("b.png", 200)), static_cast<int>(kFrameHashBits));
}

TEST_F(FingerprintTest, WhatCannotBeReadIsEmpty) {
  write_file(folder_ / "broken.png", "no picture");
  const auto broken = fingerprint(image_at(folder_ / "broken.png"), 4);
  EXPECT_FALSE(broken.bytes.empty());
  EXPECT_TRUE(broken.frames.empty());
  EXPECT_EQ(distance(broken, broken), static_cast<int>(kFrameHashBits));
  EXPECT_TRUE(fingerprint(image_at(folder_ / "absent.png"), 4).bytes.empty());
}

}  // namespace
}  // namespace winnow
