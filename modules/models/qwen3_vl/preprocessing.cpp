#include "models/qwen3_vl/preprocessing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/errors.h"
#include "media/bicubic.h"
#include "models/pixel_values.h"

namespace winnow::qwen3_vl {
namespace {

constexpr double kLargestAspect = 200.0;

// `volume`: frames as they count for the bounds; `frames`: as they count for the scale.
PixelSize fitted_size(double volume, double frames, PixelSize original, std::int64_t factor,
                      std::int64_t minimum, std::int64_t maximum) {
  const auto height = static_cast<double>(original.height);
  const auto width = static_cast<double>(original.width);
  if (std::max(height, width) / std::min(height, width) > kLargestAspect) {
    throw DataError(
        fmt::format("a picture of {} x {} pixels: one side may be at most 200 times the "
                    "other",
                    original.width, original.height));
  }
  const auto step = static_cast<double>(factor);
  double rows = std::nearbyint(height / step) * step;
  double columns = std::nearbyint(width / step) * step;
  const auto most = static_cast<double>(maximum), least = static_cast<double>(minimum);
  if (volume * rows * columns > most) {
    const double scale = std::sqrt(frames * height * width / most);
    rows = std::max(step, std::floor(height / scale / step) * step);
    columns = std::max(step, std::floor(width / scale / step) * step);
  } else if (volume * rows * columns < least) {
    const double scale = std::sqrt(least / (frames * height * width));
    rows = std::ceil(height * scale / step) * step;
    columns = std::ceil(width * scale / step) * step;
  }
  return {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)};
}

std::int64_t rounded_up(std::int64_t value, std::int64_t factor) {
  return (value + factor - 1) / factor * factor;
}

PixelSize size_of(const cv::Mat& image) { return {image.rows, image.cols}; }

std::int64_t token_pixels(const VisionConfig& config) {
  return config.patch_size * config.merge_size;
}

cv::Mat resized(const cv::Mat& image, PixelSize size) {
  return resize_bicubic(image, static_cast<int>(size.width), static_cast<int>(size.height));
}

}  // namespace

PixelSize image_size(PixelSize original, std::int64_t factor, std::int64_t minimum_pixels,
                     std::int64_t maximum_pixels) {
  return fitted_size(1.0, 1.0, original, factor, minimum_pixels, maximum_pixels);
}

PixelSize video_size(std::int64_t frames, PixelSize original, std::int64_t factor,
                     std::int64_t temporal_factor, std::int64_t minimum_pixels,
                     std::int64_t maximum_pixels) {
  if (original.height < factor || original.width < factor) {
    throw DataError(fmt::format("a video of {} x {} pixels: at least {} on each side are needed",
                                original.width, original.height, factor));
  }
  return fitted_size(static_cast<double>(rounded_up(frames, temporal_factor)),
                     static_cast<double>(frames), original, factor, minimum_pixels, maximum_pixels);
}

SamplingOptions published_sampling() {
  SamplingOptions sampling;
  sampling.mode = SamplingOptions::Mode::fps;
  sampling.frames_per_second = 2.0;
  sampling.minimum_frames = 4;
  sampling.maximum_frames = 768;
  return sampling;
}

std::vector<std::string> timestamp_texts(std::vector<double> seconds,
                                         std::int64_t temporal_patch_size) {
  assert(!seconds.empty());
  const auto group = static_cast<std::size_t>(temporal_patch_size);
  while (seconds.size() % group != 0) seconds.push_back(seconds.back());
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < seconds.size(); i += group) {
    texts.push_back(fmt::format("<{:.1f} seconds>", (seconds[i] + seconds[i + group - 1]) / 2));
  }
  return texts;
}

namespace {

PixelSize fitted_image(const VisionConfig& config, const PreprocessingOptions& options,
                       PixelSize image) {
  return image_size(image, token_pixels(config), options.minimum_pixels, options.maximum_pixels);
}

PixelSize fitted_video(const VisionConfig& config, const PreprocessingOptions& options,
                       std::int64_t frames, PixelSize frame) {
  return video_size(frames, frame, token_pixels(config), config.temporal_patch_size,
                    options.minimum_pixels, options.maximum_pixels);
}

// Of frames of that size, a multiple of the patches'.
Grid grid_of(const VisionConfig& config, std::int64_t frames, PixelSize size) {
  const std::int64_t group = config.temporal_patch_size;
  return {rounded_up(frames, group) / group, size.height / config.patch_size,
          size.width / config.patch_size};
}

}  // namespace

Patches to_patches(const VisionConfig& config, const PreprocessingOptions& options,
                   const std::vector<cv::Mat>& frames) {
  const std::int64_t p = config.patch_size, m = config.merge_size, t = config.temporal_patch_size;
  const std::int64_t height = frames[0].rows, width = frames[0].cols;
  assert(height % token_pixels(config) == 0 && width % token_pixels(config) == 0);
  const auto given = static_cast<std::int64_t>(frames.size());
  const Grid grid = grid_of(config, given, {height, width});
  const PixelValues values = pixel_values(options.mean, options.deviation);
  torch::Tensor patches = torch::empty({grid.patches(), config.patch_values()});
  float* out = patches.data_ptr<float>();
  for (std::int64_t i = 0; i < grid.patches(); ++i) {
    // In merge order: frames, blocks in rows and columns, rows and columns within the block.
    const std::int64_t in_frame = i % (grid.rows * grid.columns);
    const std::int64_t block = in_frame / (m * m), cell = in_frame % (m * m);
    const std::int64_t top = (block / (grid.columns / m) * m + cell / m) * p;
    const std::int64_t left = (block % (grid.columns / m) * m + cell % m) * p;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      for (std::int64_t k = 0; k < t; ++k) {
        const std::int64_t number = std::min(i / (grid.rows * grid.columns) * t + k, given - 1);
        const cv::Mat& frame = frames[static_cast<std::size_t>(number)];
        assert(frame.type() == CV_8UC3 && frame.rows == height && frame.cols == width);
        for (std::int64_t y = 0; y < p; ++y) {
          const std::uint8_t* in = frame.ptr<std::uint8_t>(static_cast<int>(top + y)) + 3 * left;
          for (std::int64_t x = 0; x < p; ++x) *out++ = values[channel][in[3 * x + channel]];
        }
      }
    }
  }
  return {patches, grid};
}

Grid image_grid(const VisionConfig& config, const PreprocessingOptions& options, PixelSize image) {
  return grid_of(config, 1, fitted_image(config, options, image));
}

Grid video_grid(const VisionConfig& config, const PreprocessingOptions& options,
                std::int64_t frames, PixelSize frame) {
  return grid_of(config, frames, fitted_video(config, options, frames, frame));
}

Patches image_patches(const VisionConfig& config, const PreprocessingOptions& options,
                      const cv::Mat& image) {
  return to_patches(config, options,
                    {resized(image, fitted_image(config, options, size_of(image)))});
}

Patches video_patches(const VisionConfig& config, const PreprocessingOptions& options,
                      const std::vector<cv::Mat>& frames) {
  const PixelSize size =
      fitted_video(config, options, static_cast<std::int64_t>(frames.size()), size_of(frames[0]));
  std::vector<cv::Mat> all;
  for (const cv::Mat& frame : frames) all.push_back(resized(frame, size));
  return to_patches(config, options, all);
}

}  // namespace winnow::qwen3_vl
