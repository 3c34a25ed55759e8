#include "models/qwen3_vl/batch.h"

#include <algorithm>
#include <stdexcept>

#include "models/qwen3_vl/positions.h"

namespace winnow::qwen3_vl {
namespace {

Positions positions_of(const Config& config, const ModelInput& input) {
  std::vector<Grid> images, videos;
  for (const VisualTokens& visual : input.visual) {
    (visual.layout.video ? videos : images).push_back(grid_of(visual.layout));
  }
  return position_ids(config, input.tokens, images, videos);
}

}  // namespace

TextBatch pack(const Config& config, const Weights& weights, const std::vector<ModelInput>& inputs,
               const Observer& observe) {
  TextBatch batch;
  batch.padded = pad_tokens(inputs);
  const torch::Tensor tokens = batch.padded.tokens;
  const std::int64_t samples = tokens.size(0), length = tokens.size(1);
  batch.positions = torch::zeros({3, samples, length}, torch::kInt64);
  batch.next = torch::zeros({samples}, torch::kInt64);
  std::vector<std::int64_t> rows;
  std::vector<torch::Tensor> visual;
  for (std::int64_t b = 0; b < samples; ++b) {
    const ModelInput& input = inputs[static_cast<std::size_t>(b)];
    const Positions own = positions_of(config, input);
    std::int64_t axis = 0;
    for (const auto* values : {&own.time, &own.height, &own.width}) {
      std::copy(values->begin(), values->end(),
                batch.positions[axis++][b].data_ptr<std::int64_t>());
    }
    batch.next[b] = own.next;
    for (std::size_t t = 0; t < input.tokens.size(); ++t) {
      if (input.tokens[t] != config.image_token && input.tokens[t] != config.video_token) continue;
      rows.push_back(b * length + static_cast<std::int64_t>(t));
    }
    for (const VisualTokens& medium : input.visual) visual.push_back(medium.tokens);
  }
  const torch::Device device = weights.text.token.device();
  batch.padded.tokens = tokens.to(device);
  batch.padded.attention_mask = batch.padded.attention_mask.to(device);
  batch.positions = batch.positions.to(device);
  batch.next = batch.next.to(device);
  batch.embeddings = torch::embedding(weights.text.token, batch.padded.tokens);  // [B, S, E]
  if (!visual.empty()) {
    const torch::Tensor features = torch::cat(visual).to(device, batch.embeddings.scalar_type());
    const std::vector<torch::Tensor> columns = features.split(config.text.hidden_size, 1);
    batch.deepstack.rows = torch::tensor(rows, torch::kInt64).to(device);
    batch.deepstack.features.assign(columns.begin() + 1, columns.end());
    batch.embeddings = batch.embeddings.flatten(0, 1)
                           .index_copy(0, batch.deepstack.rows, columns.front())
                           .view(batch.embeddings.sizes());
  }
  if (observe) observe("inputs_embeds", batch.embeddings);
  return batch;
}

torch::Tensor side_by_side(const VisionFeatures& features) {
  std::vector<torch::Tensor> columns = {features.tokens};
  columns.insert(columns.end(), features.deepstack.begin(), features.deepstack.end());
  return torch::cat(columns, 1);
}

MediumLayout layout_of(const Grid& grid, bool video, std::vector<std::string> timestamps) {
  return {{grid.frames, grid.rows, grid.columns}, std::move(timestamps), video};
}

Grid grid_of(const MediumLayout& layout) {
  if (layout.grid.size() != 3) throw std::logic_error("not the layout of a Qwen3-VL medium");
  return {layout.grid[0], layout.grid[1], layout.grid[2]};
}

}  // namespace winnow::qwen3_vl
