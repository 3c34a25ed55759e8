#pragma once
// Token by token with cached keys and values.
//
// Shapes: B batch, T tokens so far (padding included), V vocabulary.

#include <vector>

#include "models/qwen3_vl/network.h"
#include "models/torch.h"

namespace winnow::qwen3_vl {

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

// Each sequence `count` times in a row, so that they go on in different ways.
GenerationState repeated(const GenerationState& state, std::int64_t count);

}  // namespace winnow::qwen3_vl
