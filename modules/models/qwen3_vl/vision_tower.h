#pragma once
// Qwen3-VL's vision tower: patches of images and videos of any size to visual tokens.
//
// Shapes: P patches of all media one after another, M = P / (m m) visual tokens, D vision width,
// E text width. Patches come in merge order: the m x m patches of a token stand together.

#include <cstdint>
#include <vector>

#include "models/observer.h"
#include "models/qwen3_vl/config.h"
#include "models/qwen3_vl/weights.h"
#include "models/torch.h"

namespace winnow::qwen3_vl {

// One medium in patches: pairs of frames, rows, columns. Rows and columns are multiples of the
// merge size.
struct Grid {
  std::int64_t frames = 0, rows = 0, columns = 0;
  std::int64_t patches() const { return frames * rows * columns; }
  bool operator==(const Grid&) const = default;
};

struct VisionFeatures {
  torch::Tensor tokens;                  // [M, E]
  std::vector<torch::Tensor> deepstack;  // per deepstack merger [M, E]
};

// patches: [P, patch values], float. Observed: "patch_embed", "pos_embed", "rope_angles",
// "block.<i>".
VisionFeatures encode_patches(const VisionConfig& config, const VisionWeights& weights,
                              const torch::Tensor& patches, const std::vector<Grid>& grids,
                              const Observer& observe = {});

}  // namespace winnow::qwen3_vl
