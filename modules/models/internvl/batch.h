#pragma once
// Inputs of the common interface, padded for the network.
//
// Shapes: B batch, S longest input.

#include <cstdint>
#include <vector>

#include "models/internvl/network.h"
#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow::internvl {

struct PackedInputs {
  Batch batch;           // padded on the right
  torch::Tensor labels;  // [B, S] int64 on the CPU; -100 at padding
  std::vector<std::int64_t> lengths;
};

// On `device`. Throws DataError when an input has placeholders for another number of visual tokens
// than it carries.
PackedInputs pack(const Config& config, const std::vector<ModelInput>& inputs,
                  const torch::Device& device);

}  // namespace winnow::internvl
