#pragma once
// Real image and video files for the tests of this folder.

#include <functional>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "media/frames.h"
#include "pool/temporary_folder.h"

namespace winnow {

inline std::string encoded(const std::string& extension, const cv::Mat& bgr) {
  std::vector<unsigned char> bytes;
  if (!cv::imencode(extension, bgr, bytes)) throw std::runtime_error("cannot encode " + extension);
  return std::string(bytes.begin(), bytes.end());
}

// Frame i is plain grey of this level.
inline int level_of(int frame) { return 20 + 10 * frame; }

// A clip of 64 x 48 whose frames can be told apart.
inline std::filesystem::path write_clip(const std::filesystem::path& path, int frames, double rate,
                                        const char* codec = "mp4v") {
  cv::VideoWriter writer(path.string(), cv::CAP_FFMPEG,
                         cv::VideoWriter::fourcc(codec[0], codec[1], codec[2], codec[3]), rate,
                         cv::Size(64, 48));
  if (!writer.isOpened()) throw std::runtime_error("cannot write " + path.string());
  for (int i = 0; i < frames; ++i) {
    writer.write(cv::Mat(48, 64, CV_8UC3, cv::Scalar::all(level_of(i))));
  }
  return path;
}

// Numbers of the clip's frames that `frames` holds, read from their grey levels.
inline std::vector<int> numbers_of(const Frames& frames) {
  std::vector<int> numbers;
  for (const cv::Mat& image : frames.images) {
    numbers.push_back(static_cast<int>(std::lround((cv::mean(image)[0] - level_of(0)) / 10.0)));
  }
  return numbers;
}

inline Media image_at(const std::filesystem::path& path) { return {Media::Kind::image, {path}}; }
inline Media video_at(const std::filesystem::path& path) { return {Media::Kind::video, {path}}; }

// What decode says of a medium it cannot read.
template <class Exception>
std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace winnow
