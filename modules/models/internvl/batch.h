#pragma once
// Inputs of the common interface, padded and embedded for the text model.

#include <vector>

#include "models/internvl/config.h"
#include "models/internvl/weights.h"
#include "models/observer.h"
#include "models/text_batch.h"

namespace winnow::internvl {

// Embeds the tokens, projects the visual ones and puts them into their places. Throws DataError
// when an input has placeholders for another number of visual tokens than it carries. Observed:
// "projected" [N, text width], "inputs_embeds".
TextBatch pack(const Config& config, const Weights& weights, const std::vector<ModelInput>& inputs,
               const Observer& observe = {});

}  // namespace winnow::internvl
