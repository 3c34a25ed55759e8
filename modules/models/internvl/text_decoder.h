#pragma once
// InternVL3's text model, Qwen2: a causal transformer with grouped-query attention and biases on
// queries, keys and values.
//
// Shapes: B batch, S new tokens, T all tokens (cached ones first), E width.

#include <vector>

#include "models/internvl/config.h"
#include "models/internvl/weights.h"
#include "models/layers.h"
#include "models/observer.h"
#include "models/torch.h"

namespace winnow::internvl {

// The rotation's base for a sequence of `length` tokens. Longer ones than the model was made for
// turn slower ("dynamic" scaling), where the config says so.
double rope_theta(const TextConfig& config, std::int64_t length);

// embeddings: [B, S, E] with visual features in place; positions: [B, S] int64; mask: additive
// [B, 1, S, T]. With a cache (one entry per layer) the new keys and values are appended to it.
// Returns the normalised last hidden states [B, S, E]. Observed: "layer.<i>.out", "norm.out".
torch::Tensor decode(const TextConfig& config, const TextWeights& weights,
                     const torch::Tensor& embeddings, const torch::Tensor& positions,
                     const torch::Tensor& mask, std::vector<LayerCache>* cache = nullptr,
                     const Observer& observe = {});

}  // namespace winnow::internvl
