#pragma once
// Decoding of images and videos to frames, by OpenCV, with limits against decompression bombs.

#include <filesystem>
#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "pool/sample.h"

namespace winnow {

struct SamplingOptions {
  // "uniform": `frames` equally spaced frames of the clip, first and last included (all of it when
  // it is shorter). "fps": `frames_per_second` a second of the clip, between minimum and maximum.
  enum class Mode { uniform, fps };
  Mode mode = Mode::uniform;
  std::int64_t frames = 8;
  double frames_per_second = 1.0;
  std::int64_t minimum_frames = 1;
  std::int64_t maximum_frames = 32;
  // Larger pictures are refused before they are decoded.
  std::int64_t maximum_pixels = 64'000'000;
};

// The frames a model or a descriptor sees of one medium.
struct Frames {
  std::vector<cv::Mat> images;     // RGB, 8 bits, 3 channels; one for an image
  std::vector<double> timestamps;  // seconds from the clip's start; 0 for an image
  double duration = 0.0;           // of the real clip, seconds; 0 for an image or when unknown
  Media::Kind kind = Media::Kind::image;
};

// Indices of the sampled frames out of `total` at `native_fps`, ascending, distinct.
std::vector<std::int64_t> sample_frame_indices(std::int64_t total, double native_fps,
                                               const SamplingOptions& options);

// Reads and decodes one medium. Throws DataError naming the file and the reason (missing, not an
// image, not a video, truncated, too large).
Frames decode(const Media& media, const SamplingOptions& options);

// Decodes every medium once per pass for all consumers: bounded by bytes, least recently used goes
// first. Thread-safe; concurrent requests for one medium decode it once.
class FrameCache {
 public:
  FrameCache(SamplingOptions options, std::size_t maximum_bytes);
  ~FrameCache();
  std::shared_ptr<const Frames> get(const Media& media);
  std::size_t decoded() const;  // number of decodes done, for tests and reports

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
