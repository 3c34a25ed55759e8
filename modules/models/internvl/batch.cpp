#include "models/internvl/batch.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.h"
#include "models/internvl/vision_tower.h"

namespace winnow::internvl {

TextBatch pack(const Config& config, const Weights& weights, const std::vector<ModelInput>& inputs,
               const Observer& observe) {
  const torch::Device device = weights.text.token.device();
  TextBatch batch;
  batch.padded = pad_tokens(inputs);
  const std::int64_t length = batch.padded.tokens.size(1);
  std::vector<torch::Tensor> visual;
  std::vector<std::int64_t> rows;
  for (std::size_t b = 0; b < inputs.size(); ++b) {
    const ModelInput& input = inputs[b];
    std::int64_t carried = 0;
    for (const VisualTokens& medium : input.visual) {
      carried += medium.tokens.size(0);
      visual.push_back(medium.tokens.to(device));
    }
    const auto places = std::count(input.tokens.begin(), input.tokens.end(), config.image_token);
    if (places != carried) {
      throw DataError(fmt::format("input {} of the batch has {} placeholders for {} visual tokens",
                                  b, places, carried));
    }
    for (std::size_t t = 0; t < input.tokens.size(); ++t) {
      if (input.tokens[t] != config.image_token) continue;
      rows.push_back(static_cast<std::int64_t>(b) * length + static_cast<std::int64_t>(t));
    }
  }
  batch.padded.tokens = batch.padded.tokens.to(device);
  batch.padded.attention_mask = batch.padded.attention_mask.to(device);
  const torch::Tensor& present = batch.padded.attention_mask;
  batch.positions = (present.cumsum(1) - 1) * present;  // 0 at padding
  batch.next = present.sum(1);
  batch.embeddings = torch::embedding(weights.text.token, batch.padded.tokens);  // [B, S, E]
  if (!visual.empty()) {
    const torch::Tensor projected =
        project(weights.projector, torch::cat(visual).to(batch.embeddings.options()));
    if (observe) observe("projected", projected);
    batch.embeddings = batch.embeddings.flatten(0, 1)
                           .index_copy(0, torch::tensor(rows, torch::kInt64).to(device), projected)
                           .view(batch.embeddings.sizes());
  }
  if (observe) observe("inputs_embeds", batch.embeddings);
  return batch;
}

}  // namespace winnow::internvl
