#include "media/frame_shape.h"

#include <stdexcept>

#include "core/files.h"
#include "media/image_header.h"

namespace winnow {

FrameShape shape_of(const Frames& frames) {
  const cv::Mat& first = frames.images.at(0);
  return {frames.kind, static_cast<std::int64_t>(frames.images.size()), first.cols, first.rows,
          frames.timestamps};
}

FrameShape frame_shape(const Media& media, const SamplingOptions& options) {
  std::error_code unknown;
  if (media.kind == Media::Kind::image && !media.paths.empty() &&
      std::filesystem::is_regular_file(media.paths.front(), unknown)) {
    try {
      const ImageHeader header = read_image_header(read_file(media.paths.front()));
      if (header.width > 0 && header.height > 0 &&
          header.width <= options.maximum_pixels / header.height) {
        return {media.kind, 1, header.width, header.height, {0.0}};
      }
    } catch (const std::invalid_argument&) {
      // Refused below, with the words that everybody else sees.
    }
  }
  return shape_of(decode(media, options));
}

}  // namespace winnow
