#include "media/frame_shape.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>

#include "core/errors.h"
#include "core/files.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class FrameShapeTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Media image(const std::string& name, int width, int height) const {
    Media medium;
    medium.paths = {folder_ / name};
    cv::imwrite(medium.paths[0].string(), cv::Mat(height, width, CV_8UC3, cv::Scalar(9, 99, 200)));
    return medium;
  }
  static void expect_that_of_decode(const Media& medium, const SamplingOptions& options) {
    const FrameShape ours = frame_shape(medium, options), real = shape_of(decode(medium, options));
    EXPECT_EQ(ours.kind, real.kind);
    EXPECT_EQ(ours.frames, real.frames);
    EXPECT_EQ(ours.width, real.width);
    EXPECT_EQ(ours.height, real.height);
    EXPECT_EQ(ours.timestamps, real.timestamps);
  }
  static std::string refusal(const Media& medium, const SamplingOptions& options, bool decoded) {
    try {
      decoded ? static_cast<void>(decode(medium, options))
              : static_cast<void>(frame_shape(medium, options));
    } catch (const DataError& error) {
      return error.what();
    }
    return "nothing was refused";
  }

  const fs::path folder_ = testing_support::temporary_folder();
};

TEST_F(FrameShapeTest, IsThatOfTheDecodedFrames) {
  for (const char* name : {"a.png", "a.jpg", "a.bmp", "a.webp"}) {
    SCOPED_TRACE(name);
    expect_that_of_decode(image(name, 61, 37), {});
  }
  SamplingOptions some;
  some.frames = 3;
  SamplingOptions by_rate;
  by_rate.mode = SamplingOptions::Mode::fps;
  by_rate.frames_per_second = 2.0;
  Media clip;
  clip.kind = Media::Kind::video;
  clip.paths = {folder_ / "clip.mp4"};
  cv::VideoWriter writer(clip.paths[0].string(), cv::VideoWriter::fourcc('m', 'p', '4', 'v'), 5.0,
                         cv::Size(64, 48));
  for (int i = 0; i < 17; ++i) writer.write(cv::Mat(48, 64, CV_8UC3, cv::Scalar::all(15 * i)));
  writer.release();
  Media list;
  list.kind = Media::Kind::frames;
  list.frames_per_second = 4.0;
  for (int i = 0; i < 9; ++i) {
    list.paths.push_back(image("frame-" + std::to_string(i) + ".png", 40, 24).paths[0]);
  }
  for (const Media& medium : {clip, list}) {
    expect_that_of_decode(medium, some);
    expect_that_of_decode(medium, by_rate);
  }
}

TEST_F(FrameShapeTest, WhatDecodingRefusesIsRefusedAlike) {
  SamplingOptions small;
  small.maximum_pixels = 100;
  Media absent;
  absent.paths = {folder_ / "absent.png"};
  Media text;
  text.paths = {folder_ / "text.png"};
  write_file(text.paths[0], "this is a text");
  Media cut = image("cut.png", 64, 64);
  write_file(cut.paths[0], read_file(cut.paths[0]).substr(0, 60));
  Media folder;
  folder.paths = {folder_};
  for (const Media& medium : {image("large.png", 11, 10), absent, text, cut, folder, Media()}) {
    const std::string expected = refusal(medium, small, true);
    EXPECT_NE(expected, "nothing was refused");
    EXPECT_EQ(refusal(medium, small, false), expected);
  }
}

}  // namespace
}  // namespace winnow
