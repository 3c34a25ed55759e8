#pragma once
// How InternVL3's text model, Qwen2, turns with positions.

#include <cstdint>

#include "models/internvl/config.h"
#include "models/rotary.h"
#include "models/torch.h"

namespace winnow::internvl {

// The rotation's base for a sequence of `length` tokens. Longer ones than the model was made for
// turn slower ("dynamic" scaling), where the config says so.
double rope_theta(const TextConfig& config, std::int64_t length);

// How positions [B, S] turn heads, each sequence by its own length: [B, S, head size].
RotaryTables rotation(const TextConfig& config, const torch::Tensor& positions,
                      torch::ScalarType dtype);

}  // namespace winnow::internvl
