#pragma once
// A whole Qwen3-VL: vision tower and text model over one padded batch.
//
// Shapes: B batch, S sequence, V vocabulary, E text width.

#include <vector>

#include "models/qwen3_vl/text_decoder.h"
#include "models/qwen3_vl/vision_tower.h"
#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow::qwen3_vl {

// Media of all samples in order of appearance, images apart from videos.
struct Batch {
  torch::Tensor tokens;          // [B, S] int64
  torch::Tensor attention_mask;  // [B, S] int64: 1 at tokens, 0 at padding on either side
  torch::Tensor image_patches;   // [P, patch values]; undefined without images
  std::vector<Grid> image_grids;
  torch::Tensor video_patches;  // ditto of videos
  std::vector<Grid> video_grids;
};

// What the text model is run on.
struct TextInput {
  torch::Tensor embeddings;  // [B, S, E]
  torch::Tensor positions;   // [3, B, S] int64, 0 at padding
  torch::Tensor next;        // [B] int64: position of the token after the last
  DeepstackInput deepstack;
};

// Runs the vision tower and puts its tokens into their places. Throws DataError when placeholders
// and media disagree. Observed: "vision.image.", "vision.video." + what encode_patches observes,
// "embeds" and "deepstack.<i>"; "text.inputs_embeds".
TextInput embed(const Config& config, const Weights& weights, const Batch& batch,
                const Observer& observe = {});

// The normalised last hidden states [B, S, E]. Observed: as embed; "text." + what decode observes.
torch::Tensor hidden_states(const Config& config, const Weights& weights, const Batch& batch,
                            const Observer& observe = {});

// The same on what is embedded already. With a cache (one entry per layer) keys and values are
// appended to it.
torch::Tensor hidden_states(const Config& config, const Weights& weights, const TextInput& input,
                            const torch::Tensor& attention_mask,
                            std::vector<LayerCache>* cache = nullptr, const Observer& observe = {});

// [B, S, V]. Observed: as hidden_states.
torch::Tensor logits(const Config& config, const Weights& weights, const Batch& batch,
                     const Observer& observe = {});

// Per sample, over the labelled tokens: labels [B, S] int64 on the CPU, not shifted, -100 where not
// trained. Only labelled positions pay for the vocabulary.
AnswerLoss answer_loss(const Config& config, const Weights& weights, const Batch& batch,
                       const torch::Tensor& labels);

}  // namespace winnow::qwen3_vl
