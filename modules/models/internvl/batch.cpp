#include "models/internvl/batch.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.h"

namespace winnow::internvl {

PackedInputs pack(const Config& config, const std::vector<ModelInput>& inputs,
                  const torch::Device& device) {
  const auto batch = static_cast<std::int64_t>(inputs.size());
  std::int64_t length = 1;
  for (const ModelInput& input : inputs) length = std::max(length, input.length());
  PackedInputs packed;
  torch::Tensor tokens = torch::zeros({batch, length}, torch::kInt64);
  torch::Tensor mask = torch::zeros({batch, length}, torch::kInt64);
  packed.labels = torch::full({batch, length}, -100, torch::kInt64);
  std::vector<torch::Tensor> visual;
  std::vector<std::int64_t> rows;
  for (std::int64_t b = 0; b < batch; ++b) {
    const ModelInput& input = inputs[static_cast<std::size_t>(b)];
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
      rows.push_back(b * length + static_cast<std::int64_t>(t));
    }
    std::copy(input.tokens.begin(), input.tokens.end(), tokens[b].data_ptr<std::int64_t>());
    std::copy(input.labels.begin(), input.labels.end(), packed.labels[b].data_ptr<std::int64_t>());
    mask[b].slice(0, 0, input.length()).fill_(1);
    packed.lengths.push_back(input.length());
  }
  packed.batch.tokens = tokens.to(device);
  packed.batch.attention_mask = mask.to(device);
  packed.batch.rows = torch::tensor(rows, torch::kInt64).to(device);
  if (!visual.empty()) packed.batch.visual = torch::cat(visual);
  return packed;
}

}  // namespace winnow::internvl
