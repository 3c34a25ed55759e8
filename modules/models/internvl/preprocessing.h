#pragma once
// From frames to the tiles that InternVL3's vision tower takes.

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "media/frames.h"
#include "models/internvl/config.h"
#include "models/torch.h"

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

// How the family's published program samples clips: the middles of eight equal parts.
SamplingOptions published_sampling();

// Tiles and normalisation of preprocessor_config.json.
struct PreprocessingOptions {
  std::int64_t minimum_tiles = 1, maximum_tiles = 12;  // of an image, without the thumbnail
  std::vector<double> mean = {0.485, 0.456, 0.406}, deviation = {0.229, 0.224, 0.225};
};

// Tiles of a picture of that size, its thumbnail among them.
std::int64_t tile_count(const VisionConfig& config, const PreprocessingOptions& options,
                        std::int64_t height, std::int64_t width);

// image: RGB, 8 bits. Stretched to its grid of tiles and cut row by row; where there are several,
// one more shows the whole picture: [tiles, 3, tile size, tile size] float32, normalised.
torch::Tensor image_tiles(const VisionConfig& config, const PreprocessingOptions& options,
                          const cv::Mat& image);

// Each frame (RGB, 8 bits) stretched to one tile: [frames, 3, tile size, tile size].
torch::Tensor video_tiles(const VisionConfig& config, const PreprocessingOptions& options,
                          const std::vector<cv::Mat>& frames);

}  // namespace winnow::internvl
