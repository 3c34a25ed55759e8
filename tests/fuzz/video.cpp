// Opening a video file: container, counting, seeking, decoding.

#include <opencv2/videoio.hpp>
#include <stdexcept>

#include "core/files.h"
#include "fuzz/target.h"
#include "media/frames.h"

namespace winnow::fuzz {
namespace {

std::string clip(const std::string& extension, const char* codec) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("winnow-fuzz-seed" + extension);
  {
    cv::VideoWriter writer(file.string(), cv::CAP_FFMPEG,
                           cv::VideoWriter::fourcc(codec[0], codec[1], codec[2], codec[3]), 8.0,
                           cv::Size(64, 48));
    if (!writer.isOpened()) throw std::runtime_error("cannot write " + file.string());
    for (int i = 0; i < 6; ++i) {
      writer.write(cv::Mat(48, 64, CV_8UC3, cv::Scalar(20 * i, 200 - 30 * i, 90)));
    }
  }
  std::string bytes = read_file(file);
  std::filesystem::remove(file);
  return bytes;
}

}  // namespace

Target target() {
  return {
      "clip", {clip(".mp4", "mp4v"), clip(".avi", "MJPG")}, [](const std::filesystem::path& path) {
        SamplingOptions options;
        options.maximum_pixels = 1'000'000;
        decode({Media::Kind::video, {path}}, options);
      }};
}

}  // namespace winnow::fuzz
