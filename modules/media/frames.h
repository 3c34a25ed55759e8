#pragma once
// Decoding of images and videos to frames, by OpenCV, with limits against decompression bombs.

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "media/medium.h"

namespace winnow {

// Which frames of a clip are seen: how many, and where they lie. The published models' own rules
// are points of it, see ModelFamily::published_sampling.
struct SamplingOptions {
  // "uniform": `frames` of them. "fps": `frames_per_second` of the clip's seconds, rounded down,
  // between minimum and maximum, then down to a `multiple_of`. A clip shorter than that is seen
  // whole.
  enum class Mode { uniform, fps };
  BOOST_DESCRIBE_NESTED_ENUM(Mode, uniform, fps)
  // "ends": the first, the last and equal steps between them, ties to even; a single frame is the
  // middle one. "middles": the middles of equal parts, rounded down.
  enum class Spacing { ends, middles };
  BOOST_DESCRIBE_NESTED_ENUM(Spacing, ends, middles)

  Mode mode = Mode::uniform;
  Spacing spacing = Spacing::ends;
  std::int64_t frames = 8;
  double frames_per_second = 1.0;
  std::int64_t minimum_frames = 1;
  std::int64_t maximum_frames = 32;
  std::int64_t multiple_of = 1;
  // Larger pictures are refused before they are decoded.
  std::int64_t maximum_pixels = 64'000'000;
};
BOOST_DESCRIBE_STRUCT(SamplingOptions, (),
                      (mode, spacing, frames, frames_per_second, minimum_frames, maximum_frames,
                       multiple_of, maximum_pixels))
config::Help help(const SamplingOptions&);

// Frames a second at which the frames of a list lie whose rate is unknown: what ms-swift and
// qwen-vl-utils take.
inline constexpr double kRateOfUntimedList = 2.0;

// The frames a model or a descriptor sees of one medium.
struct Frames {
  std::vector<cv::Mat> images;  // RGB, 8 bits, 3 channels; one for an image
  // Seconds from the beginning of the whole clip, also of a part of it, which is how Qwen3-VL is
  // told them; 0 for an image. Of a frame list of unknown rate: at kRateOfUntimedList.
  std::vector<double> timestamps;
  // Seconds that the medium lasts, a part of a clip for itself. Nothing for an image and when
  // unknown.
  std::optional<double> duration;
  Media::Kind kind = Media::Kind::image;
};

// Indices of the sampled frames out of `total` at `native_fps` (unknown: taken as 24, as the models
// do), ascending, distinct, at least one where there is one. Throws ConfigError when minimum_frames
// exceeds maximum_frames.
std::vector<std::int64_t> sample_frame_indices(std::int64_t total, std::optional<double> native_fps,
                                               const SamplingOptions& options);

// Reads and decodes one medium. Throws DataError naming the file and the reason (missing, not an
// image, not a video, truncated, too large).
//
// A list of frames whose rate is unknown was sampled before: in mode "fps" all of it is seen, up to
// maximum_frames. Of a part of a clip the frames from its start to its end are sampled as if there
// were no others; a part without a frame is a DataError.
//
// Images are PNG, JPEG, WebP or BMP. Grey becomes RGB, alpha is dropped, 16 bits become 8. The EXIF
// orientation of images is ignored, as by the image loaders of the papers' models; the rotation of
// a video container is honoured. A clip's length is what OpenCV can decode of it, whatever its
// header says (of a clip that holds more frames than its header promises, OpenCV yields one more
// than promised).
Frames decode(const Media& media, const SamplingOptions& options);

// What a medium is, without keeping its pixels; of a part of a clip, what the part is. A video is
// decoded once to count its frames. Throws DataError as decode does.
struct MediaFacts {
  int width = 0, height = 0;  // of the first frame
  std::int64_t frames = 1;
  std::optional<double> frames_per_second;  // nothing when unknown, and for an image
  std::optional<double> duration;           // seconds; nothing when unknown, and for an image
};
MediaFacts inspect(const Media& media, std::int64_t maximum_pixels);

// Decodes all of a medium, every frame of a list and every one that a container has, and keeps
// nothing. Throws DataError as decode does.
void check_decodes(const Media& media, std::int64_t maximum_pixels);

// Decodes every medium once per pass for all consumers: bounded by bytes, least recently used goes
// first. A medium larger than the bound is handed out and not kept. Thread-safe; concurrent
// requests for one medium decode it once. A medium that cannot be decoded throws the same DataError
// for every request while its entry is kept.
class FrameCache {
 public:
  FrameCache(SamplingOptions options, std::size_t maximum_bytes);
  ~FrameCache();
  std::shared_ptr<const Frames> get(const Media& media);
  std::size_t decoded() const;  // number of decodes done, for tests and reports
  std::size_t bytes() const;    // held now

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
