// Opening an image file of any of the formats we take.

#include <opencv2/imgcodecs.hpp>
#include <stdexcept>

#include "fuzz/target.h"
#include "media/frames.h"

namespace winnow::fuzz {
namespace {

std::string encoded(const std::string& extension) {
  cv::Mat picture(24, 32, CV_8UC3);
  cv::randu(picture, 0, 255);
  std::vector<unsigned char> bytes;
  if (!cv::imencode(extension, picture, bytes)) {
    throw std::runtime_error("cannot encode " + extension);
  }
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

Target target() {
  // The extension says nothing: what a file is, its first bytes tell.
  return {"picture",
          {encoded(".png"), encoded(".jpg"), encoded(".bmp"), encoded(".webp")},
          [](const std::filesystem::path& path) {
            SamplingOptions options;
            options.maximum_pixels = 1'000'000;
            decode({Media::Kind::image, {path}}, options);
          }};
}

}  // namespace winnow::fuzz
