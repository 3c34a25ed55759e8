#include "models/qwen3_vl/positions.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.h"

namespace winnow::qwen3_vl {
namespace {

// One grid per frame pair: the placeholders of a video stand in as many groups.
std::vector<Grid> single_frames(const std::vector<Grid>& grids) {
  std::vector<Grid> frames;
  for (const Grid& grid : grids) {
    for (std::int64_t i = 0; i < grid.frames; ++i) frames.push_back({1, grid.rows, grid.columns});
  }
  return frames;
}

// Angles [B, S, head size / 2] from positions [3, B, S] (time, height, width). Frequencies are
// dealt out in turns: of the first 3 * sections[1] every second of three follows height, of the
// first 3 * sections[2] every third of three follows width, all others time.
torch::Tensor interleaved_angles(const torch::Tensor& positions, const torch::Tensor& frequencies,
                                 const std::vector<std::int64_t>& sections) {
  std::vector<std::int64_t> axis(static_cast<std::size_t>(frequencies.size(0)), 0);
  for (std::int64_t which = 1; which < 3; ++which) {
    const std::int64_t end = 3 * sections[static_cast<std::size_t>(which)];
    for (std::int64_t i = which; i < end; i += 3) axis[static_cast<std::size_t>(i)] = which;
  }
  // [3, B, S] -> [head size / 2, B, S]: each frequency's own row of positions.
  const torch::Tensor chosen =
      positions.index_select(0, torch::tensor(axis).to(positions.device())).to(torch::kFloat32);
  return chosen.permute({1, 2, 0}) * frequencies.to(positions.device());
}

}  // namespace

RotaryTables rotation(const TextConfig& config, const torch::Tensor& positions,
                      torch::ScalarType dtype, const Observer& observe) {
  const torch::Tensor by_axis = positions.dim() == 3
                                    ? positions
                                    : positions.expand({3, positions.size(0), positions.size(1)});
  const torch::Tensor angles = interleaved_angles(
      by_axis, rotary_frequencies(config.rope_theta, config.head_size), config.rope_sections);
  const RotaryTables tables = rotary_tables(angles, dtype);  // [B, S, head size]
  if (observe) {
    observe("rope_cos", tables.cosine);
    observe("rope_sin", tables.sine);
  }
  return tables;
}

Positions position_ids(const Config& config, const std::vector<std::int64_t>& tokens,
                       const std::vector<Grid>& images, const std::vector<Grid>& videos) {
  const std::vector<Grid> image_blocks = single_frames(images),
                          video_blocks = single_frames(videos);
  std::size_t next_image = 0, next_video = 0;
  Positions positions;
  const auto put = [&](std::int64_t time, std::int64_t height, std::int64_t width) {
    positions.time.push_back(time);
    positions.height.push_back(height);
    positions.width.push_back(width);
  };
  for (std::size_t at = 0; at < tokens.size();) {
    const bool is_image = tokens[at] == config.image_token;
    if (!is_image && tokens[at] != config.video_token) {
      put(positions.next, positions.next, positions.next);
      ++positions.next;
      ++at;
      continue;
    }
    const std::vector<Grid>& blocks = is_image ? image_blocks : video_blocks;
    std::size_t& next = is_image ? next_image : next_video;
    const char* kind = is_image ? "image" : "video";
    if (next == blocks.size()) {
      throw DataError(fmt::format("token {}: a placeholder of a {} that is not there ({} given)",
                                  at, kind, is_image ? images.size() : videos.size()));
    }
    const Grid& block = blocks[next++];
    const std::int64_t rows = block.rows / config.vision.merge_size;
    const std::int64_t columns = block.columns / config.vision.merge_size;
    for (std::int64_t i = 0; i < rows * columns; ++i, ++at) {
      if (at == tokens.size() ||
          tokens[at] != (is_image ? config.image_token : config.video_token)) {
        throw DataError(
            fmt::format("token {}: {} placeholders of a {} where its {} x {} tokens "
                        "need {}",
                        at, i, kind, rows, columns, rows * columns));
      }
      put(positions.next, positions.next + i / columns, positions.next + i % columns);
    }
    positions.next += std::max(rows, columns);
  }
  if (next_image != image_blocks.size() || next_video != video_blocks.size()) {
    throw DataError(
        fmt::format("placeholders of {} images and {} frame pairs of videos; {} and {} "
                    "were given",
                    next_image, next_video, image_blocks.size(), video_blocks.size()));
  }
  return positions;
}

}  // namespace winnow::qwen3_vl
