#include "models/internvl/network.h"

#include <fmt/format.h>

#include "core/errors.h"
#include "models/answer_loss.h"

namespace winnow::internvl {

TextInput embed(const Config& config, const Weights& weights, const Batch& batch,
                const Observer& observe) {
  TextInput input;
  input.positions = (batch.attention_mask.cumsum(1) - 1) * batch.attention_mask;
  input.embeddings = torch::embedding(weights.text.token, batch.tokens);  // [B, S, E]
  const torch::Tensor rows =
      batch.rows.defined() ? batch.rows
                           : ((batch.tokens == config.image_token) & (batch.attention_mask == 1))
                                 .flatten()
                                 .nonzero()
                                 .squeeze(1);
  const std::int64_t given = batch.visual.defined() ? batch.visual.size(0) : 0;
  if (rows.size(0) != given) {
    throw DataError(
        fmt::format("the batch has {} placeholders for {} visual tokens", rows.size(0), given));
  }
  if (given > 0) {
    const torch::Tensor projected =
        project(weights.projector, batch.visual.to(input.embeddings.options()));
    if (observe) observe("vision.projected", projected);
    input.embeddings = input.embeddings.flatten(0, 1)
                           .index_copy(0, rows, projected)
                           .view(input.embeddings.sizes());
  }
  if (observe) observe("text.inputs_embeds", input.embeddings);
  return input;
}

torch::Tensor hidden_states(const Config& config, const Weights& weights, const Batch& batch,
                            std::vector<LayerCache>* cache, const Observer& observe) {
  const TextInput input = embed(config, weights, batch, observe);
  return decode(config.text, weights.text, input.embeddings, input.positions,
                causal_mask(batch.attention_mask, input.embeddings.scalar_type()), cache,
                with_prefix(observe, "text."));
}

torch::Tensor logits(const Config& config, const Weights& weights, const Batch& batch,
                     const Observer& observe) {
  return torch::linear(hidden_states(config, weights, batch, nullptr, observe),
                       weights.text.output());
}

AnswerLoss answer_loss(const Config& config, const Weights& weights, const Batch& batch,
                       const torch::Tensor& labels) {
  return winnow::answer_loss(hidden_states(config, weights, batch), weights.text.output(), labels);
}

}  // namespace winnow::internvl
