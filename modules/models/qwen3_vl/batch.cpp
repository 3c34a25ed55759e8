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

PackedInputs pack(const Config& config, const Weights& weights,
                  const std::vector<ModelInput>& inputs) {
  const auto batch = static_cast<std::int64_t>(inputs.size());
  std::int64_t length = 1;
  for (const ModelInput& input : inputs) length = std::max(length, input.length());
  PackedInputs packed;
  torch::Tensor tokens = torch::zeros({batch, length}, torch::kInt64);
  torch::Tensor positions = torch::zeros({3, batch, length}, torch::kInt64);
  torch::Tensor next = torch::zeros({batch}, torch::kInt64);
  packed.attention_mask = torch::zeros({batch, length}, torch::kInt64);
  packed.labels = torch::full({batch, length}, -100, torch::kInt64);
  std::vector<std::int64_t> rows;
  std::vector<torch::Tensor> visual;
  for (std::int64_t b = 0; b < batch; ++b) {
    const ModelInput& input = inputs[static_cast<std::size_t>(b)];
    const auto fill = [&](torch::Tensor row, const std::vector<std::int64_t>& values) {
      std::copy(values.begin(), values.end(), row.data_ptr<std::int64_t>());
    };
    const Positions own = positions_of(config, input);
    fill(tokens[b], input.tokens);
    fill(packed.labels[b], input.labels);
    fill(positions[0][b], own.time);
    fill(positions[1][b], own.height);
    fill(positions[2][b], own.width);
    next[b] = own.next;
    packed.attention_mask[b].slice(0, 0, input.length()).fill_(1);
    packed.lengths.push_back(input.length());
    for (std::size_t t = 0; t < input.tokens.size(); ++t) {
      if (input.tokens[t] != config.image_token && input.tokens[t] != config.video_token) continue;
      rows.push_back(b * length + static_cast<std::int64_t>(t));
    }
    for (const VisualTokens& medium : input.visual) visual.push_back(medium.tokens);
  }
  const torch::Device device = weights.text.token.device();
  packed.attention_mask = packed.attention_mask.to(device);
  packed.text.positions = positions.to(device);
  packed.text.next = next.to(device);
  packed.text.embeddings = torch::embedding(weights.text.token, tokens.to(device));  // [B, S, E]
  if (visual.empty()) return packed;

  const torch::Tensor features =
      torch::cat(visual).to(device, packed.text.embeddings.scalar_type());
  const std::vector<torch::Tensor> columns = features.split(config.text.hidden_size, 1);
  packed.text.deepstack.rows = torch::tensor(rows, torch::kInt64).to(device);
  packed.text.deepstack.features.assign(columns.begin() + 1, columns.end());
  packed.text.embeddings = packed.text.embeddings.flatten(0, 1)
                               .index_copy(0, packed.text.deepstack.rows, columns.front())
                               .view(packed.text.embeddings.sizes());
  return packed;
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
