#pragma once
// InternVL3's vision tower and the projector behind it.
//
// Shapes: n tiles, D vision width, M tokens per tile, K merged width, E text width.

#include "models/internvl/config.h"
#include "models/internvl/weights.h"
#include "models/observer.h"
#include "models/torch.h"

namespace winnow::internvl {

// tiles: [n, 3, tile size, tile size], float. Returns [n, M, K]: the patches of every m x m block
// side by side, the class token left out. Observed: "embeddings", "layer.<i>.out",
// "pixel_shuffled".
torch::Tensor encode_tiles(const Config& config, const VisionWeights& weights,
                           const torch::Tensor& tiles, const Observer& observe = {});

// What the text model sees of merged patches: [..., K] -> [..., E].
torch::Tensor project(const Projector& projector, const torch::Tensor& merged);

}  // namespace winnow::internvl
