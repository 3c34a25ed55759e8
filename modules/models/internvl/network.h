#pragma once
// A whole InternVL3 over one padded batch, from what its vision tower made of the media.
//
// Shapes: B batch, S sequence, N visual tokens of the whole batch, K merged width, V vocabulary,
// E text width.

#include <vector>

#include "models/internvl/text_decoder.h"
#include "models/internvl/vision_tower.h"
#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow::internvl {

struct Batch {
  torch::Tensor tokens;          // [B, S] int64
  torch::Tensor attention_mask;  // [B, S] int64: 1 at tokens, 0 at padding on either side
  torch::Tensor visual;  // [N, K] of all media in order of appearance, as encode_tiles gives
                         // them; undefined without media
  torch::Tensor rows;    // [N] int64: their places in the flattened [B * S]; found where undefined
};

// What the text model is run on.
struct TextInput {
  torch::Tensor embeddings;  // [B, S, E]
  torch::Tensor positions;   // [B, S] int64: how many tokens stand before; 0 at padding
};

// Projects the visual tokens and puts them into their places. Throws DataError when there are more
// or fewer placeholders than tokens. Observed: "vision.projected" [N, E], "text.inputs_embeds".
TextInput embed(const Config& config, const Weights& weights, const Batch& batch,
                const Observer& observe = {});

// The normalised last hidden states [B, S, E]. With a cache (one entry per layer) keys and values
// are appended to it. Observed: as embed; "text." + what decode observes.
torch::Tensor hidden_states(const Config& config, const Weights& weights, const Batch& batch,
                            std::vector<LayerCache>* cache = nullptr, const Observer& observe = {});

// [B, S, V]. Observed: as hidden_states.
torch::Tensor logits(const Config& config, const Weights& weights, const Batch& batch,
                     const Observer& observe = {});

// Per sample; labels: see winnow::answer_loss.
AnswerLoss answer_loss(const Config& config, const Weights& weights, const Batch& batch,
                       const torch::Tensor& labels);

}  // namespace winnow::internvl
