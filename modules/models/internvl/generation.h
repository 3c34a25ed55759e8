#pragma once
// Token by token with cached keys and values.
//
// Shapes: B batch, T tokens so far (padding included), V vocabulary.

#include <vector>

#include "models/internvl/network.h"
#include "models/torch.h"

namespace winnow::internvl {

// A batch of sequences that go on.
struct GenerationState {
  std::vector<LayerCache> cache;  // one per layer
  torch::Tensor attention_mask;   // [B, T] int64
  torch::Tensor next;             // [B] int64: position of the token to come
  torch::Tensor logits;           // [B, V] for the token to come
};

// Runs the prompts once. Padding may stand on either side.
GenerationState prefill(const Config& config, const Weights& weights, const Batch& batch);

// Appends one text token to each sequence. tokens: [B] int64.
void advance(const Config& config, const Weights& weights, const torch::Tensor& tokens,
             GenerationState& state);

}  // namespace winnow::internvl
