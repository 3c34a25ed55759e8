#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/errors.h"
#include "media/frames.h"

namespace winnow {

config::Help help(const SamplingOptions&) {
  return {
      {"mode", "uniform: a fixed number of frames; fps: so many a second of the clip"},
      {"frames", "frames of a clip in mode uniform", config::at_least(1)},
      {"frames_per_second", "frames a second in mode fps", config::above(0)},
      {"minimum_frames", "least number of frames in mode fps", config::at_least(1)},
      {"maximum_frames", "largest number of frames in mode fps", config::at_least(1)},
      {"maximum_pixels", "larger pictures are refused before they are decoded",
       config::at_least(1)},
  };
}

std::vector<std::int64_t> sample_frame_indices(std::int64_t total, double native_fps,
                                               const SamplingOptions& options) {
  if (options.minimum_frames > options.maximum_frames) {
    throw ConfigError("sampling.minimum_frames = " + std::to_string(options.minimum_frames) +
                      " exceeds maximum_frames = " + std::to_string(options.maximum_frames));
  }
  assert(total >= 0 && options.frames >= 1 && options.minimum_frames >= 1);
  std::int64_t count = options.frames;
  if (options.mode == SamplingOptions::Mode::fps) {
    count = options.maximum_frames;
    if (native_fps > 0) {
      const double wanted =
          std::nearbyint(static_cast<double>(total) / native_fps * options.frames_per_second);
      // Compared as doubles: a tiny rate makes more frames than an integer holds.
      count = wanted >= static_cast<double>(options.maximum_frames)
                  ? options.maximum_frames
                  : std::max(static_cast<std::int64_t>(wanted), options.minimum_frames);
    }
  }
  count = std::min(count, total);
  std::vector<std::int64_t> indices;
  if (count == 1) indices.push_back((total - 1) / 2);
  for (std::int64_t i = 0; count > 1 && i < count; ++i) {
    const double position =
        static_cast<double>(i) * static_cast<double>(total - 1) / static_cast<double>(count - 1);
    indices.push_back(static_cast<std::int64_t>(std::nearbyint(position)));
  }
  return indices;
}

}  // namespace winnow
