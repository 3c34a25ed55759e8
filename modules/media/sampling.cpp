#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/errors.h"
#include "media/frames.h"

namespace winnow {

namespace {

constexpr double kUnknownRate = 24.0;

std::int64_t frames_to_take(std::int64_t total, std::optional<double> native_fps,
                            const SamplingOptions& options) {
  if (options.mode == SamplingOptions::Mode::uniform) return std::min(options.frames, total);
  const double rate = native_fps.value_or(kUnknownRate);
  const double wanted = std::trunc(static_cast<double>(total) / rate * options.frames_per_second);
  // Compared as doubles: a tiny rate makes more frames than an integer holds.
  const auto there = static_cast<std::int64_t>(std::min(wanted, static_cast<double>(total)));
  const std::int64_t count =
      std::min(std::clamp(there, options.minimum_frames, options.maximum_frames), total);
  return std::max(count - count % options.multiple_of, std::min<std::int64_t>(total, 1));
}

std::int64_t rounded(double position) {
  return static_cast<std::int64_t>(std::nearbyint(position));
}

std::vector<std::int64_t> both_ends(std::int64_t total, std::int64_t count,
                                    SamplingOptions::Mode mode) {
  if (count == 1) return {(total - 1) / 2};
  const auto last = static_cast<double>(total - 1), steps = static_cast<double>(count - 1);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto step = static_cast<double>(i);
    // The order of the two operations decides ties: the GDO release has the first, Qwen3-VL's
    // processor the second.
    indices.push_back(mode == SamplingOptions::Mode::uniform ? rounded(step * last / steps)
                                                             : rounded(step * (last / steps)));
  }
  return indices;
}

std::vector<std::int64_t> middles(std::int64_t total, std::int64_t count) {
  const double part = static_cast<double>(total) / static_cast<double>(count);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < count; ++i) {
    indices.push_back(static_cast<std::int64_t>(part / 2.0 + static_cast<double>(i) * part));
  }
  return indices;
}

}  // namespace

config::Help help(const SamplingOptions&) {
  return {
      {"mode", "uniform: a fixed number of frames; fps: so many a second of the clip"},
      {"spacing",
       "ends: the first frame, the last and equal steps between; middles: of equal parts"},
      {"frames", "frames of a clip in mode uniform", config::at_least(1)},
      {"frames_per_second", "frames a second in mode fps", config::above(0)},
      {"minimum_frames", "least number of frames in mode fps", config::at_least(1)},
      {"maximum_frames", "largest number of frames in mode fps", config::at_least(1)},
      {"multiple_of", "in mode fps the number of frames goes down to a multiple of this",
       config::at_least(1)},
      {"maximum_pixels", "larger pictures are refused before they are decoded",
       config::at_least(1)},
  };
}

std::vector<std::int64_t> sample_frame_indices(std::int64_t total, std::optional<double> native_fps,
                                               const SamplingOptions& options) {
  if (options.minimum_frames > options.maximum_frames) {
    throw ConfigError(fmt::format("sampling.minimum_frames = {} exceeds maximum_frames = {}",
                                  options.minimum_frames, options.maximum_frames));
  }
  assert(total >= 0 && options.frames >= 1 && options.minimum_frames >= 1);
  assert(!native_fps || *native_fps > 0);
  const std::int64_t count = frames_to_take(total, native_fps, options);
  return options.spacing == SamplingOptions::Spacing::middles
             ? middles(total, count)
             : both_ends(total, count, options.mode);
}

}  // namespace winnow
