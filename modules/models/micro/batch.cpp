#include "models/micro/batch.h"

#include <algorithm>

#include "models/continuations.h"

namespace winnow::micro {

Batch pack(const std::vector<ModelInput>& inputs, const WordTokenizer& tokenizer) {
  const auto batch = static_cast<std::int64_t>(inputs.size());
  std::int64_t length = 1;
  for (const ModelInput& input : inputs) length = std::max(length, input.length());

  Batch packed;
  packed.tokens = torch::full({batch, length}, WordTokenizer::kPadding, torch::kInt64);
  packed.positions = torch::zeros({batch, length}, torch::kInt64);
  packed.mask = torch::full({batch, 1, length, length}, kMasked, torch::kFloat32);
  std::int64_t* tokens = packed.tokens.data_ptr<std::int64_t>();
  std::int64_t* positions = packed.positions.data_ptr<std::int64_t>();
  float* mask = packed.mask.data_ptr<float>();
  std::vector<std::int64_t> rows;
  std::vector<torch::Tensor> media;
  std::vector<std::int64_t> block_end(static_cast<std::size_t>(length));

  for (std::int64_t b = 0; b < batch; ++b) {
    const ModelInput& input = inputs[static_cast<std::size_t>(b)];
    const std::int64_t valid = input.length();
    for (std::int64_t t = 0; t < valid; ++t) block_end[static_cast<std::size_t>(t)] = t + 1;
    // A visual token sees its whole medium: its row of the mask reaches to the medium's end.
    std::int64_t slot = 0;
    std::vector<std::int64_t> slots;
    for (std::int64_t t = 0; t < valid; ++t) {
      if (tokenizer.is_visual_slot(input.tokens[static_cast<std::size_t>(t)])) slots.push_back(t);
    }
    for (const VisualTokens& visual : input.visual) {
      const std::int64_t count = visual.tokens.size(0);
      const std::int64_t end = slots[static_cast<std::size_t>(slot + count - 1)] + 1;
      for (std::int64_t i = slot; i < slot + count; ++i) {
        const std::int64_t t = slots[static_cast<std::size_t>(i)];
        block_end[static_cast<std::size_t>(t)] = end;
        rows.push_back(b * length + t);
      }
      slot += count;
      media.push_back(visual.tokens);
      packed.frames_per_medium.push_back(count / kTokensPerFrame);
    }
    // A turn by itself sees what stands before `shared_end`, the media's end, and itself.
    const std::int64_t shared_end = slots.empty() ? 1 : slots.back() + 1;
    std::int64_t text = 0, shared_text = 0, own_begin = 0;
    for (std::int64_t t = 0; t < length; ++t) {
      float* row = mask + (b * length + t) * length;
      if (t >= valid) {
        std::fill(row, row + valid, 0.0F);  // padding sees something, so that softmax is finite
        continue;
      }
      const std::int64_t token = input.tokens[static_cast<std::size_t>(t)];
      tokens[b * length + t] = token;
      if (token == WordTokenizer::kPadding) {
        std::fill(row, row + shared_end, 0.0F);
        own_begin = t + 1;
        text = shared_text;
        continue;
      }
      positions[b * length + t] = tokenizer.is_visual_slot(token) ? -1 : text++;
      if (t < shared_end) shared_text = text;
      const std::int64_t end = block_end[static_cast<std::size_t>(t)];
      if (own_begin > 0) std::fill(row, row + shared_end, 0.0F);
      std::fill(row + own_begin, row + end, 0.0F);
    }
    packed.text_tokens.push_back(text);
  }
  packed.visual_rows = torch::tensor(rows, torch::kInt64);
  if (!media.empty()) packed.visual = torch::cat(media, 0);
  return packed;
}

}  // namespace winnow::micro
