#pragma once
// Inputs packed into padded tensors.

#include <vector>

#include "models/micro/network.h"
#include "models/micro/tokenizer.h"
#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow::micro {

struct Batch {
  torch::Tensor tokens;       // [B, T] int64, padded on the right
  torch::Tensor positions;    // [B, T] int64, text positions; -1 at visual tokens
  torch::Tensor mask;         // [B, 1, T, T] additive
  torch::Tensor visual;       // [n G, W] all media of all samples, in order; undefined if none
  torch::Tensor visual_rows;  // [n G] int64 into [B * T]
  std::vector<std::int64_t> frames_per_medium;
  std::vector<std::int64_t> text_tokens;  // [B]
};

Batch pack(const std::vector<ModelInput>& inputs, const WordTokenizer& tokenizer);

}  // namespace winnow::micro
