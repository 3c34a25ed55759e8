#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>

#include "core/errors.h"
#include "core/files.h"
#include "media/frames.h"
#include "media/image_header.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

// Files that hold frames, by FFmpeg's names. It would also follow playlists (HLS, DASH, concat),
// which name other files and can keep it waiting for a minute, draw texts and number pictures.
constexpr const char* kContainers =
    "format_whitelist;mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,mxf,rm,ivf,m4v,h264,"
    "hevc,obu,vc1,mjpeg,dv,wtv,nut,swf";

// Before main, hence before any thread reads the environment: FFmpeg and OpenCV report failures to
// us, not to standard error, and leave threads to us. A variable the user has set stays.
const bool prepared = [] {
  ::setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);
  ::setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", kContainers, 0);
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  cv::setNumThreads(1);
  return true;
}();

[[noreturn]] void fail(const fs::path& path, const std::string& reason) {
  throw DataError(path.string() + ": " + reason);
}

void check_pixels(const fs::path& path, std::int64_t width, std::int64_t height,
                  std::int64_t maximum_pixels) {
  // Both sides are at most 2^32, so that the division cannot overflow as a product could.
  if (width > maximum_pixels / std::max<std::int64_t>(height, 1)) {
    fail(path, "a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                   " is larger than maximum_pixels = " + std::to_string(maximum_pixels));
  }
}

void check_is_file(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) fail(path, "no such file");
  if (!fs::is_regular_file(path, error)) fail(path, "not a regular file");
}

cv::Mat decode_image(const fs::path& path, std::int64_t maximum_pixels) {
  check_is_file(path);
  std::error_code unknown;
  if (fs::file_size(path, unknown) > std::numeric_limits<int>::max() && !unknown) {
    fail(path, "an image file of 2 GiB or more");
  }
  const std::string bytes = read_file(path);
  try {
    const ImageHeader header = read_image_header(bytes);
    check_pixels(path, header.width, header.height, maximum_pixels);
    const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                          const_cast<char*>(bytes.data()));
    cv::Mat image = cv::imdecode(encoded, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
    if (image.empty()) fail(path, "a damaged " + header.format + ", cannot be decoded");
    cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
    return image;
  } catch (const std::invalid_argument& error) {
    fail(path, error.what());
  } catch (const cv::Exception& error) {
    fail(path, "cannot be decoded: " + error.err);
  }
}

// One pass over a container. A clip's frame count is an estimate that may lie, so that the only
// honest way to the last frame is to decode up to it.
struct Pass {
  std::int64_t total = 0;  // frames that could be decoded
  std::int64_t promised = 0;
  double frames_per_second = 0.0;
  std::vector<double> times;  // of every frame, seconds
  int width = 0, height = 0;
};

using FrameTaker = std::function<void(std::int64_t index, const cv::Mat& bgr)>;

// Calls `take` for the frames `wanted(promised, rate)` names, in order.
Pass pass_over(const fs::path& path, std::int64_t maximum_pixels,
               const std::function<std::vector<std::int64_t>(std::int64_t, double)>& wanted,
               const FrameTaker& take) {
  Pass pass;
  try {
    // Absolute, so that FFmpeg takes no name with a colon for an address.
    cv::VideoCapture capture(fs::absolute(path).string(), cv::CAP_FFMPEG);
    if (!capture.isOpened()) fail(path, "not a video that FFmpeg can read");
    pass.width = static_cast<int>(capture.get(cv::CAP_PROP_FRAME_WIDTH));
    pass.height = static_cast<int>(capture.get(cv::CAP_PROP_FRAME_HEIGHT));
    check_pixels(path, pass.width, pass.height, maximum_pixels);
    const double rate = capture.get(cv::CAP_PROP_FPS);
    pass.frames_per_second = std::isfinite(rate) && rate > 0 && rate <= 1000 ? rate : 0.0;
    const double promised = capture.get(cv::CAP_PROP_FRAME_COUNT);
    pass.promised = promised > 0 && promised < 1e9 ? static_cast<std::int64_t>(promised) : 0;
    const std::vector<std::int64_t> indices = wanted(pass.promised, pass.frames_per_second);
    auto next = indices.begin();
    cv::Mat image;
    for (; capture.grab(); ++pass.total) {
      pass.times.push_back(capture.get(cv::CAP_PROP_POS_MSEC) / 1000.0);
      if (next == indices.end() || *next != pass.total) continue;
      if (!capture.retrieve(image) || image.empty()) break;
      check_pixels(path, image.cols, image.rows, maximum_pixels);
      take(pass.total, image);
      ++next;
    }
  } catch (const cv::Exception& error) {
    fail(path, "cannot be decoded: " + error.err);
  }
  if (pass.total == 0) fail(path, "a video without a frame that can be decoded");
  // Containers without usable time stamps: the frame rate has to do.
  const bool rising = std::adjacent_find(pass.times.begin(), pass.times.end(),
                                         std::greater_equal<>()) == pass.times.end();
  if (!rising) {
    for (std::int64_t i = 0; i < pass.total; ++i) {
      pass.times[i] = pass.frames_per_second > 0 ? double(i) / pass.frames_per_second : 0.0;
    }
  } else if (pass.frames_per_second == 0 && pass.total > 1 && pass.times.back() > 0) {
    pass.frames_per_second = double(pass.total - 1) / (pass.times.back() - pass.times.front());
  }
  return pass;
}

double duration_of(const Pass& pass) {
  if (pass.frames_per_second <= 0) return 0.0;
  return std::max(double(pass.total) / pass.frames_per_second,
                  pass.times.back() - pass.times.front() + 1.0 / pass.frames_per_second);
}

Frames decode_video(const fs::path& path, const SamplingOptions& options) {
  check_is_file(path);
  Frames frames;
  frames.kind = Media::Kind::video;
  std::vector<std::int64_t> indices;
  const auto take = [&](std::int64_t, const cv::Mat& bgr) {
    cv::Mat rgb;
    cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    frames.images.push_back(rgb);
  };
  Pass pass = pass_over(
      path, options.maximum_pixels,
      [&](std::int64_t promised, double rate) {
        return indices = sample_frame_indices(promised, rate, options);
      },
      take);
  const auto real = sample_frame_indices(pass.total, pass.frames_per_second, options);
  if (real != indices || frames.images.size() != real.size()) {  // the header lied: once more
    frames.images.clear();
    pass = pass_over(
        path, options.maximum_pixels, [&](std::int64_t, double) { return real; }, take);
    if (frames.images.size() != real.size()) fail(path, "decodes differently each time");
  }
  for (const std::int64_t index : real) frames.timestamps.push_back(pass.times[index]);
  frames.duration = duration_of(pass);
  return frames;
}

Frames decode_frame_list(const Media& media, const SamplingOptions& options) {
  Frames frames;
  frames.kind = Media::Kind::frames;
  const double rate = media.frames_per_second;
  const auto total = static_cast<std::int64_t>(media.paths.size());
  SamplingOptions sampling = options;
  if (rate <= 0 && options.mode == SamplingOptions::Mode::fps) {
    sampling.mode = SamplingOptions::Mode::uniform;
    sampling.frames = options.maximum_frames;
  }
  for (const std::int64_t index : sample_frame_indices(total, rate, sampling)) {
    frames.images.push_back(decode_image(media.paths[index], options.maximum_pixels));
    frames.timestamps.push_back(rate > 0 ? double(index) / rate : double(index));
  }
  frames.duration = rate > 0 ? double(total) / rate : 0.0;
  return frames;
}

}  // namespace

Frames decode(const Media& media, const SamplingOptions& options) {
  if (media.paths.empty()) throw DataError("a " + to_string(media.kind) + " without a path");
  switch (media.kind) {
    case Media::Kind::image: {
      Frames frames;
      frames.images.push_back(decode_image(media.paths.front(), options.maximum_pixels));
      frames.timestamps.push_back(0.0);
      return frames;
    }
    case Media::Kind::frames:
      return decode_frame_list(media, options);
    case Media::Kind::video:
      return decode_video(media.paths.front(), options);
  }
  throw std::logic_error("unknown kind of media");
}

MediaFacts inspect(const Media& media, std::int64_t maximum_pixels) {
  if (media.paths.empty()) throw DataError("a " + to_string(media.kind) + " without a path");
  const fs::path& path = media.paths.front();
  MediaFacts facts;
  if (media.kind == Media::Kind::video) {
    check_is_file(path);
    const Pass pass = pass_over(
        path, maximum_pixels, [](std::int64_t, double) { return std::vector<std::int64_t>(); },
        [](std::int64_t, const cv::Mat&) {});
    return {pass.width, pass.height, pass.total, pass.frames_per_second, duration_of(pass)};
  }
  const cv::Mat image = decode_image(path, maximum_pixels);
  facts.width = image.cols;
  facts.height = image.rows;
  facts.frames = static_cast<std::int64_t>(media.paths.size());
  facts.frames_per_second = media.frames_per_second;
  if (facts.frames_per_second > 0) {
    facts.duration = static_cast<double>(facts.frames) / facts.frames_per_second;
  }
  return facts;
}

}  // namespace winnow
