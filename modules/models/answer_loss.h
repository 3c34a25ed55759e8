#pragma once
// The loss of answers from the last hidden states.

#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow {

// Per sample, over the labelled tokens. hidden: [B, S, E]; output: [V, E]; labels: [B, S] int64 on
// the CPU, not shifted, -100 where not trained. Only labelled positions pay for the vocabulary;
// float32 whatever the dtype.
AnswerLoss answer_loss(const torch::Tensor& hidden, const torch::Tensor& output,
                       const torch::Tensor& labels);

}  // namespace winnow
