#pragma once
// Qwen3-VL's text model: a causal transformer with grouped-query attention, q/k-norm and
// interleaved three-axis rotary positions, whose first layers are given the deepstack features.
//
// Shapes: B batch, S new tokens, T all tokens (cached ones first), E width, M visual tokens.

#include <vector>

#include "models/layers.h"
#include "models/qwen3_vl/config.h"
#include "models/qwen3_vl/vision_tower.h"
#include "models/qwen3_vl/weights.h"
#include "models/torch.h"

namespace winnow::qwen3_vl {

// Where visual tokens stand and what is added there after layer i.
struct DeepstackInput {
  torch::Tensor rows;                   // [M] indices into the flattened [B * S]
  std::vector<torch::Tensor> features;  // per layer [M, E]; none for later layers
};

// embeddings: [B, S, E] with visual features in place; positions: [3, B, S] int64 (time, height,
// width); mask: additive [B, 1, S, T]. With a cache (one entry per layer) the new keys and values
// are appended to it. Returns the normalised last hidden states [B, S, E]. Observed:
// "rope_cos", "rope_sin", "layer.<i>.in", "layer.<i>.out", "norm.in", "norm.out".
torch::Tensor decode(const TextConfig& config, const TextWeights& weights,
                     const torch::Tensor& embeddings, const torch::Tensor& positions,
                     const torch::Tensor& mask, const DeepstackInput& deepstack,
                     std::vector<LayerCache>* cache = nullptr, const Observer& observe = {});

}  // namespace winnow::qwen3_vl
