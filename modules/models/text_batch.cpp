#include "models/text_batch.h"

#include <algorithm>

namespace winnow {

PaddedTokens pad_tokens(const std::vector<ModelInput>& inputs) {
  const auto batch = static_cast<std::int64_t>(inputs.size());
  std::int64_t length = 1;
  for (const ModelInput& input : inputs) length = std::max(length, input.length());
  PaddedTokens padded;
  padded.tokens = torch::zeros({batch, length}, torch::kInt64);
  padded.attention_mask = torch::zeros({batch, length}, torch::kInt64);
  padded.labels = torch::full({batch, length}, -100, torch::kInt64);
  for (std::int64_t b = 0; b < batch; ++b) {
    const ModelInput& input = inputs[static_cast<std::size_t>(b)];
    std::copy(input.tokens.begin(), input.tokens.end(), padded.tokens[b].data_ptr<std::int64_t>());
    std::copy(input.labels.begin(), input.labels.end(), padded.labels[b].data_ptr<std::int64_t>());
    padded.attention_mask[b].slice(0, 0, input.length()).fill_(1);
    padded.lengths.push_back(input.length());
  }
  return padded;
}

}  // namespace winnow
