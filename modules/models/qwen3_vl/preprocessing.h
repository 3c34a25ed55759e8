#pragma once
// From frames to the patches that Qwen3-VL's vision tower takes.

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "media/frames.h"
#include "models/qwen3_vl/config.h"
#include "models/qwen3_vl/vision_tower.h"
#include "models/torch.h"

namespace winnow::qwen3_vl {

struct PixelSize {
  std::int64_t height = 0, width = 0;
  bool operator==(const PixelSize&) const = default;
};

// Nearest multiples of `factor` (ties to even), scaled, keeping the aspect ratio, into [minimum,
// maximum] pixels. Throws DataError when one side is more than 200 times the other.
PixelSize image_size(PixelSize original, std::int64_t factor, std::int64_t minimum_pixels,
                     std::int64_t maximum_pixels);

// The same for the volume of a clip: the bounds are of frames x height x width, with the number of
// frames rounded up to a multiple of `temporal_factor`. Throws DataError as image_size does, and
// for frames smaller than `factor`.
PixelSize video_size(std::int64_t frames, PixelSize original, std::int64_t factor,
                     std::int64_t temporal_factor, std::int64_t minimum_pixels,
                     std::int64_t maximum_pixels);

// Sizes, bounds and normalisation of preprocessor_config.json.
struct PreprocessingOptions {
  std::int64_t minimum_pixels = 65536, maximum_pixels = 16777216;
  std::vector<double> mean = {0.5, 0.5, 0.5}, deviation = {0.5, 0.5, 0.5};
};

// How the family's processor samples clips: two frames a second, between 4 and 768, both ends.
SamplingOptions published_sampling();

// Grids that media of these sizes in pixels are cut into. Throw DataError as image_size and
// video_size do.
Grid image_grid(const VisionConfig& config, const PreprocessingOptions& options, PixelSize image);
Grid video_grid(const VisionConfig& config, const PreprocessingOptions& options,
                std::int64_t frames, PixelSize frame);

// "<0.3 seconds>" for each group of `temporal_patch_size` frames: the middle between its first and
// its last; the last frame is repeated to fill the last group.
std::vector<std::string> timestamp_texts(std::vector<double> seconds,
                                         std::int64_t temporal_patch_size);

struct Patches {
  torch::Tensor values;  // [P, patch values] float32, in merge order
  Grid grid;
};

// frames: RGB, 8 bits, of one size that is a multiple of patch and merge size. Filled up to a
// multiple of the temporal patch size with the last one; a still image is one frame.
Patches to_patches(const VisionConfig& config, const PreprocessingOptions& options,
                   const std::vector<cv::Mat>& frames);

// RGB, 8 bits. Resized, normalised and cut. Throw DataError as image_size and video_size do.
Patches image_patches(const VisionConfig& config, const PreprocessingOptions& options,
                      const cv::Mat& image);
Patches video_patches(const VisionConfig& config, const PreprocessingOptions& options,
                      const std::vector<cv::Mat>& frames);

}  // namespace winnow::qwen3_vl
