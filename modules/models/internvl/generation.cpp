#include "models/internvl/generation.h"

#include <limits>

namespace winnow::internvl {

GenerationState prefill(const Config& config, const Weights& weights, const Batch& batch) {
  GenerationState state;
  state.cache.resize(weights.text.layers.size());
  state.attention_mask = batch.attention_mask;
  state.next = batch.attention_mask.sum(1);
  const torch::Tensor hidden = hidden_states(config, weights, batch, &state.cache);  // [B, T, E]
  // Each sequence's last token: the largest index that is no padding.
  const torch::Tensor indices =
      torch::arange(batch.tokens.size(1), batch.tokens.options()) * batch.attention_mask;
  const torch::Tensor last = std::get<0>(indices.max(1));  // [B]
  const torch::Tensor rows = torch::arange(batch.tokens.size(0), batch.tokens.options());
  state.logits = torch::linear(hidden.index({rows, last}), weights.text.output());
  return state;
}

void advance(const Config& config, const Weights& weights, const torch::Tensor& tokens,
             GenerationState& state) {
  const torch::Tensor embeddings =
      torch::embedding(weights.text.token, tokens.unsqueeze(1));  // [B, 1, E]
  state.attention_mask =
      torch::cat({state.attention_mask, torch::ones_like(tokens).unsqueeze(1)}, 1);
  const torch::Tensor mask =
      torch::zeros(state.attention_mask.sizes(), embeddings.options().requires_grad(false))
          .masked_fill(state.attention_mask == 0, -std::numeric_limits<float>::infinity());
  const torch::Tensor hidden =
      decode(config.text, weights.text, embeddings, state.next.unsqueeze(1),
             mask.unsqueeze(1).unsqueeze(1), &state.cache);  // [B, 1, E]
  state.next = state.next + 1;
  state.logits = torch::linear(hidden.squeeze(1), weights.text.output());
}

}  // namespace winnow::internvl
