#include "endpoints/pictures.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/errors.h"

namespace winnow {

std::vector<std::string> jpeg_files(const Frames& frames, std::int64_t longest_side,
                                    std::int64_t quality) {
  std::vector<std::string> files;
  for (const cv::Mat& image : frames.images) {
    cv::Mat picture;
    const double scale = static_cast<double>(longest_side) / std::max(image.cols, image.rows);
    if (scale < 1.0) {
      const auto side = [&](int pixels) {
        return std::max(1, static_cast<int>(std::lround(scale * pixels)));
      };
      cv::resize(image, picture, {side(image.cols), side(image.rows)}, 0, 0, cv::INTER_AREA);
    } else {
      picture = image;
    }
    cv::Mat bgr;
    cv::cvtColor(picture, bgr, cv::COLOR_RGB2BGR);
    std::vector<unsigned char> bytes;
    if (!cv::imencode(".jpg", bgr, bytes, {cv::IMWRITE_JPEG_QUALITY, static_cast<int>(quality)})) {
      throw DataError("a frame cannot be encoded as JPEG");
    }
    files.emplace_back(bytes.begin(), bytes.end());
  }
  return files;
}

}  // namespace winnow
