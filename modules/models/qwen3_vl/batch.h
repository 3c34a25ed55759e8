#pragma once
// Inputs of the common interface, padded and embedded for the text model.
//
// Shapes: B batch, S longest input, E text width, N visual tokens of a medium.

#include <vector>

#include "models/qwen3_vl/network.h"
#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow::qwen3_vl {

struct PackedInputs {
  TextInput text;
  torch::Tensor attention_mask;  // [B, S] int64: 1 at tokens, 0 at padding on the right
  torch::Tensor labels;          // [B, S] int64 on the CPU; -100 at padding
  std::vector<std::int64_t> lengths;
};

// Embeds the tokens, puts the visual ones in their places and finds all positions. Throws DataError
// when placeholders and media disagree.
PackedInputs pack(const Config& config, const Weights& weights,
                  const std::vector<ModelInput>& inputs);

// A medium's features side by side, [N, E (1 + deepstack mergers)], as VisualTokens carry them.
torch::Tensor side_by_side(const VisionFeatures& features);

MediumLayout layout_of(const Grid& grid, bool video, std::vector<std::string> timestamps);
// Throws std::logic_error for the layout of another family.
Grid grid_of(const MediumLayout& layout);

}  // namespace winnow::qwen3_vl
