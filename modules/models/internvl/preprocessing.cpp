#include "models/internvl/preprocessing.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "media/bicubic.h"
#include "models/pixel_values.h"

namespace winnow::internvl {
namespace {

cv::Mat resized(const cv::Mat& image, std::int64_t width, std::int64_t height) {
  return resize_bicubic(image, static_cast<int>(width), static_cast<int>(height));
}

// Pictures of tile size, as one batch.
torch::Tensor normalised(const VisionConfig& config, const PreprocessingOptions& options,
                         const std::vector<cv::Mat>& tiles) {
  const PixelValues values = pixel_values(options.mean, options.deviation);
  const std::int64_t size = config.tile_size;
  torch::Tensor result =
      torch::empty({static_cast<std::int64_t>(tiles.size()), 3, size, size}, torch::kFloat32);
  float* out = result.data_ptr<float>();
  for (const cv::Mat& tile : tiles) {
    assert(tile.type() == CV_8UC3 && tile.rows == size && tile.cols == size);
    for (std::size_t channel = 0; channel < 3; ++channel) {
      for (int y = 0; y < tile.rows; ++y) {
        const auto* row = tile.ptr<std::uint8_t>(y);
        for (std::int64_t x = 0; x < size; ++x) {
          *out++ = values[channel][row[3 * x + static_cast<std::int64_t>(channel)]];
        }
      }
    }
  }
  return result;
}

// All grids of so many tiles, fewest tiles first, then fewest columns.
std::vector<TileGrid> tile_grids(std::int64_t least, std::int64_t most) {
  std::vector<TileGrid> grids;
  for (std::int64_t tiles = least; tiles <= most; ++tiles) {
    for (std::int64_t columns = 1; columns <= tiles; ++columns) {
      if (tiles % columns == 0) grids.push_back({columns, tiles / columns});
    }
  }
  return grids;
}

}  // namespace

TileGrid tile_grid(std::int64_t height, std::int64_t width, std::int64_t tile_size,
                   std::int64_t least, std::int64_t most) {
  assert(height > 0 && width > 0 && 1 <= least && least <= most);
  const double wanted = static_cast<double>(width) / static_cast<double>(height);
  const auto area = static_cast<double>(width * height);
  const auto tile_area = static_cast<double>(tile_size * tile_size);
  TileGrid best;
  double nearest = std::numeric_limits<double>::infinity();
  for (const TileGrid& grid : tile_grids(least, most)) {
    const double ratio = static_cast<double>(grid.columns) / static_cast<double>(grid.rows);
    const double off = std::abs(wanted - ratio);
    const auto tiles = static_cast<double>(grid.columns * grid.rows);
    if (off < nearest || (off == nearest && area > 0.5 * tile_area * tiles)) best = grid;
    nearest = std::min(nearest, off);
  }
  return best;
}

SamplingOptions published_sampling() {
  SamplingOptions sampling;
  sampling.mode = SamplingOptions::Mode::uniform;
  sampling.spacing = SamplingOptions::Spacing::middles;
  sampling.frames = 8;
  return sampling;
}

std::int64_t tile_count(const VisionConfig& config, const PreprocessingOptions& options,
                        std::int64_t height, std::int64_t width) {
  const TileGrid grid =
      tile_grid(height, width, config.tile_size, options.minimum_tiles, options.maximum_tiles);
  const std::int64_t tiles = grid.columns * grid.rows;
  return tiles > 1 ? tiles + 1 : 1;
}

torch::Tensor image_tiles(const VisionConfig& config, const PreprocessingOptions& options,
                          const cv::Mat& image) {
  const std::int64_t size = config.tile_size;
  const TileGrid grid =
      tile_grid(image.rows, image.cols, size, options.minimum_tiles, options.maximum_tiles);
  const cv::Mat stretched = resized(image, grid.columns * size, grid.rows * size);
  const int side = static_cast<int>(size);
  std::vector<cv::Mat> tiles;
  for (int row = 0; row < grid.rows; ++row) {
    for (int column = 0; column < grid.columns; ++column) {
      tiles.push_back(stretched(cv::Rect(column * side, row * side, side, side)));
    }
  }
  if (tiles.size() > 1) tiles.push_back(resized(image, size, size));
  return normalised(config, options, tiles);
}

torch::Tensor video_tiles(const VisionConfig& config, const PreprocessingOptions& options,
                          const std::vector<cv::Mat>& frames) {
  std::vector<cv::Mat> tiles;
  for (const cv::Mat& frame : frames) {
    tiles.push_back(resized(frame, config.tile_size, config.tile_size));
  }
  return normalised(config, options, tiles);
}

}  // namespace winnow::internvl
