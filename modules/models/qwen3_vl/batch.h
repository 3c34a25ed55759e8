#pragma once
// Inputs of the common interface, padded and embedded for the text model.
//
// Shapes: E text width, N visual tokens of a medium.

#include <string>
#include <vector>

#include "models/qwen3_vl/config.h"
#include "models/qwen3_vl/vision_tower.h"
#include "models/qwen3_vl/weights.h"
#include "models/text_batch.h"

namespace winnow::qwen3_vl {

// Embeds the tokens, puts the visual ones in their places and finds all positions. Throws DataError
// when placeholders and media disagree. Observed: "inputs_embeds".
TextBatch pack(const Config& config, const Weights& weights, const std::vector<ModelInput>& inputs,
               const Observer& observe = {});

// A medium's features side by side, [N, E (1 + deepstack mergers)], as VisualTokens carry them.
torch::Tensor side_by_side(const VisionFeatures& features);

MediumLayout layout_of(const Grid& grid, bool video, std::vector<std::string> timestamps);
// Throws std::logic_error for the layout of another family.
Grid grid_of(const MediumLayout& layout);

}  // namespace winnow::qwen3_vl
