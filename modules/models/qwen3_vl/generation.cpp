#include "models/qwen3_vl/generation.h"

#include <limits>

namespace winnow::qwen3_vl {

GenerationState prefill(const Config& config, const Weights& weights, const Batch& batch) {
  const TextInput input = embed(config, weights, batch);
  GenerationState state;
  state.cache.resize(weights.text.layers.size());
  state.attention_mask = batch.attention_mask;
  state.next = input.next;
  const torch::Tensor hidden =
      decode(config.text, weights.text, input.embeddings, input.positions,
             causal_mask(batch.attention_mask, input.embeddings.scalar_type()), input.deepstack,
             &state.cache);  // [B, T, E]
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
  const torch::Tensor positions =
      state.next.view({1, -1, 1}).expand({3, state.next.size(0), 1});  // [3, B, 1]
  const torch::Tensor hidden =
      decode(config.text, weights.text, embeddings, positions, mask.unsqueeze(1).unsqueeze(1), {},
             &state.cache);  // [B, 1, E]
  state.next = state.next + 1;
  state.logits = torch::linear(hidden.squeeze(1), weights.text.output());
}

GenerationState repeated(const GenerationState& state, std::int64_t count) {
  GenerationState result;
  for (const LayerCache& layer : state.cache) {
    result.cache.push_back(
        {layer.keys.repeat_interleave(count, 0), layer.values.repeat_interleave(count, 0)});
  }
  result.attention_mask = state.attention_mask.repeat_interleave(count, 0);
  result.next = state.next.repeat_interleave(count, 0);
  result.logits = state.logits.repeat_interleave(count, 0);
  return result;
}

}  // namespace winnow::qwen3_vl
