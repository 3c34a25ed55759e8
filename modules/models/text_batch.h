#pragma once
// Inputs of the common interface as the text models of the published families take them.
//
// Shapes: B batch, S longest input, E width.

#include <cstdint>
#include <vector>

#include "models/text_decoder.h"
#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow {

// Inputs side by side, padded on the right.
struct PaddedTokens {
  torch::Tensor tokens;          // [B, S] int64; 0 at padding
  torch::Tensor attention_mask;  // [B, S] int64: 1 at tokens, 0 at padding
  torch::Tensor labels;          // [B, S] int64; -100 at padding
  std::vector<std::int64_t> lengths;
};
// On the CPU.
PaddedTokens pad_tokens(const std::vector<ModelInput>& inputs);

// The same, embedded.
struct TextBatch {
  PaddedTokens padded;       // labels stay on the CPU
  torch::Tensor embeddings;  // [B, S, E] with visual features in place
  torch::Tensor positions;   // int64, [B, S] or, by axis, [3, B, S]
  torch::Tensor next;        // [B] int64: position of the token behind the last, on all axes
  DeepstackInput deepstack;
};

}  // namespace winnow
