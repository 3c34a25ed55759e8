#include "models/qwen3_vl/network.h"

#include <fmt/format.h>

#include "core/errors.h"
#include "models/answer_loss.h"
#include "models/qwen3_vl/positions.h"

namespace winnow::qwen3_vl {
namespace {

VisionFeatures encode_observed(const Config& config, const Weights& weights,
                               const torch::Tensor& patches, const std::vector<Grid>& grids,
                               const Observer& observe) {
  VisionFeatures features = encode_patches(config.vision, weights.vision, patches, grids, observe);
  if (observe) {
    observe("embeds", features.tokens);
    for (std::size_t i = 0; i < features.deepstack.size(); ++i) {
      observe("deepstack." + std::to_string(i), features.deepstack[i]);
    }
  }
  return features;
}

// Takes the media of one sample off the front of the batch's list: as many as it has groups of
// placeholders. A group is told by the vision start token before it.
class MediaQueue {
 public:
  explicit MediaQueue(const std::vector<Grid>& grids) : grids_(grids) {}

  // `groups`: frame pairs. Throws DataError when they do not end with a medium.
  std::vector<Grid> take(std::int64_t groups, std::int64_t sample, const char* kind) {
    std::vector<Grid> taken;
    while (groups > 0) {
      if (next_ == grids_.size() || grids_[next_].frames > groups) {
        throw DataError(
            fmt::format("sample {} of the batch: its placeholders of {}s do not match "
                        "the {}s given",
                        sample, kind, kind));
      }
      groups -= grids_[next_].frames;
      taken.push_back(grids_[next_++]);
    }
    return taken;
  }

  bool empty() const { return next_ == grids_.size(); }

 private:
  const std::vector<Grid>& grids_;
  std::size_t next_ = 0;
};

std::int64_t groups_of(const std::vector<std::int64_t>& tokens, std::int64_t start,
                       std::int64_t placeholder) {
  std::int64_t groups = 0;
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    groups += tokens[i - 1] == start && tokens[i] == placeholder ? 1 : 0;
  }
  return groups;
}

void set_positions(const Config& config, const Batch& batch, TextInput& input) {
  const torch::Tensor tokens = batch.tokens.cpu().contiguous();
  const torch::Tensor present = batch.attention_mask.cpu().contiguous();
  const std::int64_t samples = tokens.size(0), length = tokens.size(1);
  input.positions = torch::zeros({3, samples, length}, torch::kInt64);
  input.next = torch::zeros({samples}, torch::kInt64);
  MediaQueue images(batch.image_grids), videos(batch.video_grids);
  for (std::int64_t b = 0; b < samples; ++b) {
    std::vector<std::int64_t> own, places;
    for (std::int64_t s = 0; s < length; ++s) {
      if (present.data_ptr<std::int64_t>()[b * length + s] == 0) continue;
      own.push_back(tokens.data_ptr<std::int64_t>()[b * length + s]);
      places.push_back(s);
    }
    const Positions positions = position_ids(
        config, own,
        images.take(groups_of(own, config.vision_start_token, config.image_token), b, "image"),
        videos.take(groups_of(own, config.vision_start_token, config.video_token), b, "video"));
    auto out = input.positions.accessor<std::int64_t, 3>();
    for (std::size_t i = 0; i < places.size(); ++i) {
      out[0][b][places[i]] = positions.time[i];
      out[1][b][places[i]] = positions.height[i];
      out[2][b][places[i]] = positions.width[i];
    }
    input.next.data_ptr<std::int64_t>()[b] = positions.next;
  }
  if (!images.empty() || !videos.empty()) {
    throw DataError("more images or videos were given than the batch has placeholders for");
  }
  input.positions = input.positions.to(batch.tokens.device());
  input.next = input.next.to(batch.tokens.device());
}

}  // namespace

TextInput embed(const Config& config, const Weights& weights, const Batch& batch,
                const Observer& observe) {
  TextInput input;
  set_positions(config, batch, input);
  std::vector<torch::Tensor> rows, tokens;
  std::vector<std::vector<torch::Tensor>> deepstack(config.vision.deepstack_blocks.size());
  const auto add = [&](const torch::Tensor& patches, const std::vector<Grid>& grids,
                       std::int64_t placeholder, const std::string& prefix) {
    if (!patches.defined()) return;
    const VisionFeatures features =
        encode_observed(config, weights, patches, grids, with_prefix(observe, prefix));
    rows.push_back((batch.tokens.flatten() == placeholder).nonzero().squeeze(1));
    tokens.push_back(features.tokens);
    for (std::size_t i = 0; i < deepstack.size(); ++i) {
      deepstack[i].push_back(features.deepstack[i]);
    }
  };
  add(batch.image_patches, batch.image_grids, config.image_token, "vision.image.");
  add(batch.video_patches, batch.video_grids, config.video_token, "vision.video.");

  input.embeddings = torch::embedding(weights.text.token, batch.tokens);  // [B, S, E]
  if (!rows.empty()) {
    input.deepstack.rows = torch::cat(rows);
    for (const auto& parts : deepstack) input.deepstack.features.push_back(torch::cat(parts));
    input.embeddings = input.embeddings.flatten(0, 1)
                           .index_copy(0, input.deepstack.rows, torch::cat(tokens))
                           .view(input.embeddings.sizes());
  }
  if (observe) observe("text.inputs_embeds", input.embeddings);
  return input;
}

torch::Tensor hidden_states(const Config& config, const Weights& weights, const Batch& batch,
                            const Observer& observe) {
  return hidden_states(config, weights, embed(config, weights, batch, observe),
                       batch.attention_mask, nullptr, with_prefix(observe, "text."));
}

torch::Tensor hidden_states(const Config& config, const Weights& weights, const TextInput& input,
                            const torch::Tensor& attention_mask, std::vector<LayerCache>* cache,
                            const Observer& observe) {
  return decode(config.text, weights.text, input.embeddings, input.positions,
                causal_mask(attention_mask, input.embeddings.scalar_type()), input.deepstack, cache,
                observe);
}

torch::Tensor logits(const Config& config, const Weights& weights, const Batch& batch,
                     const Observer& observe) {
  return torch::linear(hidden_states(config, weights, batch, observe), weights.text.output());
}

AnswerLoss answer_loss(const Config& config, const Weights& weights, const Batch& batch,
                       const torch::Tensor& labels) {
  return winnow::answer_loss(hidden_states(config, weights, batch), weights.text.output(), labels);
}

}  // namespace winnow::qwen3_vl
