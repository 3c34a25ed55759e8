#include "endpoints/pictures.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

namespace winnow {
namespace {

TEST(Pictures, AreJpegFilesOfALimitedSide) {
  Frames frames;
  frames.images = {cv::Mat(40, 100, CV_8UC3, cv::Scalar(255, 0, 0)), cv::Mat(5, 7, CV_8UC3)};
  const auto files = jpeg_files(frames, 50, 95);
  ASSERT_EQ(files.size(), 2U);
  const auto decode_file = [](const std::string& bytes) {
    return cv::imdecode(std::vector<unsigned char>(bytes.begin(), bytes.end()), cv::IMREAD_COLOR);
  };
  const cv::Mat first = decode_file(files[0]);
  EXPECT_EQ(first.size(), cv::Size(50, 20));
  EXPECT_GT(first.at<cv::Vec3b>(10, 25)[2], 240);  // RGB red is BGR's last
  EXPECT_LT(first.at<cv::Vec3b>(10, 25)[0], 15);
  EXPECT_EQ(decode_file(files[1]).size(), cv::Size(7, 5));
}

}  // namespace
}  // namespace winnow
