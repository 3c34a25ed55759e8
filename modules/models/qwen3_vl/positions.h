#pragma once
// Three-axis positions of a conversation with images and videos.

#include <cstdint>
#include <vector>

#include "models/qwen3_vl/config.h"
#include "models/qwen3_vl/vision_tower.h"
#include "models/rotary.h"

namespace winnow::qwen3_vl {

// Position of each token on each axis, and the one that the next token will have on all three.
struct Positions {
  std::vector<std::int64_t> time, height, width;
  std::int64_t next = 0;
};

// Text advances all axes by one. An image, and every frame pair of a video, is a block of its own:
// its tokens share the time and lie in rows and columns from the next position on, and text goes on
// after the largest of them. Grids are in order of appearance, in patches. Throws DataError when
// the placeholders in `tokens` (no padding) are not the ones the grids ask for.
Positions position_ids(const Config& config, const std::vector<std::int64_t>& tokens,
                       const std::vector<Grid>& images, const std::vector<Grid>& videos);

// How positions [3, B, S] (time, height, width) turn heads; those of text alone, [B, S], are the
// same on all axes. Observed: "rope_cos", "rope_sin".
RotaryTables rotation(const TextConfig& config, const torch::Tensor& positions,
                      torch::ScalarType dtype, const Observer& observe = {});

}  // namespace winnow::qwen3_vl
