#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>

#include "core/errors.h"
#include "core/files.h"
#include "media/clip_part.h"
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

// `name` is what messages call the file.
cv::Mat decode_image_bytes(const fs::path& name, const std::string& bytes,
                           std::int64_t maximum_pixels) {
  try {
    const ImageHeader header = read_image_header(bytes);
    check_pixels(name, header.width, header.height, maximum_pixels);
    const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                          const_cast<char*>(bytes.data()));
    cv::Mat image = cv::imdecode(encoded, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
    if (image.empty()) fail(name, "a damaged " + header.format + ", cannot be decoded");
    cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
    return image;
  } catch (const std::invalid_argument& error) {
    fail(name, error.what());
  } catch (const cv::Exception& error) {
    fail(name, "cannot be decoded: " + error.err);
  }
}

cv::Mat decode_image(const Media& media, std::size_t number, std::int64_t maximum_pixels) {
  constexpr std::uintmax_t kLargest = std::numeric_limits<int>::max();
  constexpr const char* kTooLarge = "an image file of 2 GiB or more";
  const fs::path& path = media.paths[number];
  if (const std::string* content = media.content(number)) {
    if (content->size() > kLargest) fail(path, kTooLarge);
    return decode_image_bytes(path, *content, maximum_pixels);
  }
  check_is_file(path);
  std::error_code unknown;
  if (fs::file_size(path, unknown) > kLargest && !unknown) fail(path, kTooLarge);
  return decode_image_bytes(path, read_file(path), maximum_pixels);
}

// A container as FFmpeg wants it, a file with a name: bytes that stand in a row become a file in
// memory for as long as this lives.
class ContainerFile {
 public:
  explicit ContainerFile(const Media& media) : name_(media.paths.front()), path_(name_) {
    const std::string* content = media.content(0);
    if (content == nullptr) {
      check_is_file(path_);
      return;
    }
    memory_ = ::memfd_create("winnow", MFD_CLOEXEC);
    if (memory_ < 0) give_up();
    for (std::string_view rest = *content; !rest.empty();) {
      const ssize_t count = ::write(memory_, rest.data(), rest.size());
      if (count < 0 && errno != EINTR) give_up();
      if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    }
    path_ = "/proc/self/fd/" + std::to_string(memory_);
  }
  ~ContainerFile() {
    if (memory_ >= 0) ::close(memory_);
  }
  ContainerFile(const ContainerFile&) = delete;
  ContainerFile& operator=(const ContainerFile&) = delete;

  const fs::path& name() const { return name_; }  // for messages
  const fs::path& path() const { return path_; }

 private:
  [[noreturn]] void give_up() {
    const std::string reason = std::strerror(errno);
    if (memory_ >= 0) ::close(memory_);
    throw IoError(name_.string() + ": cannot be held in memory: " + reason);
  }

  fs::path name_, path_;
  int memory_ = -1;
};

// One pass over a container. A clip's frame count is an estimate that may lie, so that the only
// honest way to the last frame is to decode up to it.
struct Pass {
  std::int64_t total = 0;  // frames that could be decoded
  std::int64_t promised = 0;
  std::optional<double> frames_per_second;
  std::vector<double> times;  // of every frame, seconds
  int width = 0, height = 0;
};

using FrameTaker = std::function<void(std::int64_t index, const cv::Mat& bgr)>;

using FrameChooser =
    std::function<std::vector<std::int64_t>(std::int64_t total, std::optional<double> rate)>;

// Calls `take` for the frames `wanted(promised, rate)` names, in order.
Pass pass_over(const ContainerFile& file, std::int64_t maximum_pixels, const FrameChooser& wanted,
               const FrameTaker& take) {
  const fs::path& path = file.name();
  Pass pass;
  try {
    // Absolute, so that FFmpeg takes no name with a colon for an address.
    cv::VideoCapture capture(fs::absolute(file.path()).string(), cv::CAP_FFMPEG);
    if (!capture.isOpened()) fail(path, "not a video that FFmpeg can read");
    pass.width = static_cast<int>(capture.get(cv::CAP_PROP_FRAME_WIDTH));
    pass.height = static_cast<int>(capture.get(cv::CAP_PROP_FRAME_HEIGHT));
    check_pixels(path, pass.width, pass.height, maximum_pixels);
    const double rate = capture.get(cv::CAP_PROP_FPS);
    if (std::isfinite(rate) && rate > 0 && rate <= 1000) pass.frames_per_second = rate;
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
  pass.times.resize(static_cast<std::size_t>(pass.total));
  if (!rising) {
    for (std::int64_t i = 0; i < pass.total; ++i) {
      pass.times[i] = pass.frames_per_second ? double(i) / *pass.frames_per_second : 0.0;
    }
  } else if (!pass.frames_per_second && pass.total > 1 && pass.times.back() > 0) {
    pass.frames_per_second = double(pass.total - 1) / (pass.times.back() - pass.times.front());
  }
  return pass;
}

std::optional<double> duration_of(const Pass& pass) {
  if (!pass.frames_per_second) return std::nullopt;
  const double rate = *pass.frames_per_second;
  return std::max(double(pass.total) / rate, pass.times.back() - pass.times.front() + 1.0 / rate);
}

// The frames of the part that is asked for; there is at least one.
FrameRange part_of(const Media& media, const std::vector<double>& times,
                   std::optional<double> duration) {
  const FrameRange range = frames_of_part(media, times);
  if (range.count > 0) return range;
  std::string text = "there is no frame in its part";
  if (media.start) text += fmt::format(" from {} s", *media.start);
  if (media.end) text += fmt::format(" to {} s", *media.end);
  if (duration) text += fmt::format("; the clip lasts {:.2f} s", *duration);
  fail(media.paths.front(), text);
}

// Sampled within the range.
std::vector<std::int64_t> sample_range(const FrameRange& range, std::optional<double> rate,
                                       const SamplingOptions& options) {
  std::vector<std::int64_t> indices = sample_frame_indices(range.count, rate, options);
  for (std::int64_t& index : indices) index += range.first;
  return indices;
}

Frames decode_video(const Media& media, const SamplingOptions& options) {
  const ContainerFile file(media);
  Frames frames;
  frames.kind = Media::Kind::video;
  std::vector<std::int64_t> indices;
  const auto take = [&](std::int64_t, const cv::Mat& bgr) {
    cv::Mat rgb;
    cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    frames.images.push_back(rgb);
  };
  Pass pass = pass_over(
      file, options.maximum_pixels,
      [&](std::int64_t promised, std::optional<double> rate) {
        return indices = sample_range(frames_of_part(media, promised, rate), rate, options);
      },
      take);
  frames.duration = duration_of(pass);
  const FrameRange part = part_of(media, pass.times, frames.duration);
  const auto real = sample_range(part, pass.frames_per_second, options);
  if (real != indices || frames.images.size() != real.size()) {  // the header lied: once more
    frames.images.clear();
    pass = pass_over(
        file, options.maximum_pixels, [&](std::int64_t, std::optional<double>) { return real; },
        take);
    if (frames.images.size() != real.size()) fail(file.name(), "decodes differently each time");
  }
  for (const std::int64_t index : real) frames.timestamps.push_back(pass.times[index]);
  frames.duration = duration_of_part(media, duration_of(pass));
  return frames;
}

// Seconds of every frame of a list, and how long the list lasts.
struct ListTiming {
  std::vector<double> times;
  std::optional<double> duration;
};

ListTiming timing_of_list(const Media& media) {
  assert(!media.frames_per_second || *media.frames_per_second > 0);
  const double rate = media.frames_per_second.value_or(kRateOfUntimedList);
  ListTiming timing;
  for (std::size_t i = 0; i < media.paths.size(); ++i) timing.times.push_back(double(i) / rate);
  if (media.frames_per_second) timing.duration = double(media.paths.size()) / rate;
  return timing;
}

Frames decode_frame_list(const Media& media, const SamplingOptions& options) {
  Frames frames;
  frames.kind = Media::Kind::frames;
  const ListTiming timing = timing_of_list(media);
  SamplingOptions sampling = options;
  if (!media.frames_per_second && options.mode == SamplingOptions::Mode::fps) {
    sampling.mode = SamplingOptions::Mode::uniform;
    sampling.frames = options.maximum_frames;
  }
  const FrameRange part = part_of(media, timing.times, timing.duration);
  for (const std::int64_t index : sample_range(part, media.frames_per_second, sampling)) {
    const auto number = static_cast<std::size_t>(index);
    frames.images.push_back(decode_image(media, number, options.maximum_pixels));
    frames.timestamps.push_back(timing.times[number]);
  }
  frames.duration = duration_of_part(media, timing.duration);
  return frames;
}

void check_has_path(const Media& media) {
  if (media.paths.empty()) throw DataError("a " + to_string(media.kind) + " without a path");
}

}  // namespace

Frames decode(const Media& media, const SamplingOptions& options) {
  check_has_path(media);
  switch (media.kind) {
    case Media::Kind::image: {
      Frames frames;
      frames.images.push_back(decode_image(media, 0, options.maximum_pixels));
      frames.timestamps.push_back(0.0);
      return frames;
    }
    case Media::Kind::frames:
      return decode_frame_list(media, options);
    case Media::Kind::video:
      return decode_video(media, options);
  }
  throw std::logic_error("unknown kind of media");
}

MediaFacts inspect(const Media& media, std::int64_t maximum_pixels) {
  check_has_path(media);
  MediaFacts facts;
  if (media.kind == Media::Kind::video) {
    const Pass pass = pass_over(
        ContainerFile(media), maximum_pixels,
        [](std::int64_t, std::optional<double>) { return std::vector<std::int64_t>(); },
        [](std::int64_t, const cv::Mat&) {});
    const std::optional<double> duration = duration_of(pass);
    return {pass.width, pass.height, part_of(media, pass.times, duration).count,
            pass.frames_per_second, duration_of_part(media, duration)};
  }
  if (media.kind == Media::Kind::frames) {
    const ListTiming timing = timing_of_list(media);
    facts.frames = part_of(media, timing.times, timing.duration).count;
    facts.frames_per_second = media.frames_per_second;
    facts.duration = duration_of_part(media, timing.duration);
  }
  const cv::Mat image = decode_image(media, 0, maximum_pixels);
  facts.width = image.cols;
  facts.height = image.rows;
  return facts;
}

void check_decodes(const Media& media, std::int64_t maximum_pixels) {
  inspect(media, maximum_pixels);
  for (std::size_t i = 1; i < media.paths.size(); ++i) decode_image(media, i, maximum_pixels);
}

}  // namespace winnow
