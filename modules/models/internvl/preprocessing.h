#pragma once
// From frames to the tiles that InternVL3's vision tower takes.

#include <torch/torch.h>

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "models/internvl/config.h"

namespace winnow::internvl {

// How a picture is cut.
struct TileGrid {
  std::int64_t columns = 0, rows = 0;
  bool operator==(const TileGrid&) const = default;
};

// Of all grids of `least` to `most` tiles the one whose aspect ratio is nearest to the picture's;
// of equally near ones, in order of their number of tiles, the last that the picture fills to more
// than a half.
TileGrid tile_grid(std::int64_t height, std::int64_t width, std::int64_t tile_size,
                   std::int64_t least, std::int64_t most);

// How many frames of a clip are seen: `frames` when above 0, else `frames_per_second` of its
// seconds; at least one and never more than there are.
struct VideoSampling {
  std::int64_t frames = 0;
  double frames_per_second = 1.0;
};

// Indices out of `total` frames at `native_fps` (0 or less: unknown, taken as 24): the middles of
// as many equal parts of the clip.
std::vector<std::int64_t> sampled_frames(std::int64_t total, double native_fps,
                                         const VideoSampling& sampling);

// Tiles and normalisation of preprocessor_config.json.
struct PreprocessingOptions {
  std::int64_t minimum_tiles = 1, maximum_tiles = 12;  // of an image, without the thumbnail
  std::vector<double> mean = {0.485, 0.456, 0.406}, deviation = {0.229, 0.224, 0.225};
};

// image: RGB, 8 bits. Stretched to its grid of tiles and cut row by row; where there are several,
// one more shows the whole picture: [tiles, 3, tile size, tile size] float32, normalised.
torch::Tensor image_tiles(const VisionConfig& config, const PreprocessingOptions& options,
                          const cv::Mat& image);

// Each frame (RGB, 8 bits) stretched to one tile: [frames, 3, tile size, tile size].
torch::Tensor video_tiles(const VisionConfig& config, const PreprocessingOptions& options,
                          const std::vector<cv::Mat>& frames);

}  // namespace winnow::internvl
