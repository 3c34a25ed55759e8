#include "models/micro/network.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

#include "core/random.h"
#include "models/attention.h"
#include "models/micro/tokenizer.h"

namespace winnow::micro {
namespace {

constexpr double kNormEpsilon = 1e-5;
constexpr std::int64_t kTimeFeatures = 16;

// Frames, towards which a frame shows its change: before (positive) and after.
constexpr std::int64_t kAround[] = {2, -1, -2, -4};
// Of a frame in channels: as it is and two changes, each with its places; changes without.
constexpr std::int64_t kFrameParts = 9 + std::size(kAround);

// For every frame of several media, one after another, the frame `lag` before it, or the medium's
// nearest. [n] int64
torch::Tensor frames_before(const std::vector<std::int64_t>& frames_per_medium, std::int64_t lag) {
  std::vector<std::int64_t> earlier;
  std::int64_t first = 0;
  for (const std::int64_t count : frames_per_medium) {
    for (std::int64_t frame = first; frame < first + count; ++frame) {
      earlier.push_back(std::clamp(frame - lag, first, first + count - 1));
    }
    first += count;
  }
  return torch::tensor(earlier, torch::kInt64);
}

std::string layer_name(std::int64_t index, const char* name) {
  return "text.layers." + std::to_string(index) + "." + name;
}

}  // namespace

Network::Network(const MicroOptions& options, std::int64_t vocabulary, std::uint64_t seed)
    : options_(options), seed_(seed) {
  const std::int64_t d = options.width, c = options.tower_channels;
  const std::int64_t channels[5] = {3, c / 2, c, 2 * c, c};
  for (int i = 0; i < 4; ++i) {
    const std::string name = "vision.convolution." + std::to_string(i);
    const double fan_in = static_cast<double>(channels[i] * 9);
    add(name + ".weight", {channels[i + 1], channels[i], 3, 3}, std::sqrt(2.0 / fan_in));
    add(name + ".bias", {channels[i + 1]}, 0.0);
  }
  time_ = time_features();
  // Cells are numbered by token, then within it (tower()); places run from -1 to 1.
  row_ = torch::empty({kTokensPerFrame * kCellsPerToken, 1});
  column_ = torch::empty_like(row_);
  for (std::int64_t cell = 0; cell < row_.size(0); ++cell) {
    const std::int64_t token = cell / kCellsPerToken, part = cell % kCellsPerToken;
    const auto place = [](std::int64_t index) { return (index - 1.5F) / 1.5F; };
    row_.data_ptr<float>()[cell] = place(2 * (token / 2) + part / 2);
    column_.data_ptr<float>()[cell] = place(2 * (token % 2) + part % 2);
  }
  buffers_["vision.feature_mean"] = torch::zeros({c});
  buffers_["vision.feature_deviation"] = torch::ones({c});

  if (options.frame_context) {
    const std::int64_t hidden = 2 * d, frame = kFrameParts * c;
    add("projector.input.weight", {hidden, 9 * c}, 0.3 / std::sqrt(static_cast<double>(c)));
    add("projector.input.bias", {hidden}, 0.0);
    add("projector.frame", {hidden, frame}, 0.15 / std::sqrt(static_cast<double>(c)));
    add("projector.place", {kTokensPerFrame, hidden}, 0.3);
    add("projector.output.weight", {d, hidden}, 0.5 / std::sqrt(static_cast<double>(d)));
    add("projector.output.bias", {d}, 0.0);
    add("projector.position", {kTokensPerFrame, d}, 0.3);
  } else {
    add("projector.input.weight", {d, 9 * c}, 0.6 / std::sqrt(static_cast<double>(c)));
    add("projector.input.bias", {d}, 0.0);
    add("projector.cell", {kTokensPerFrame * kCellsPerToken, d}, 0.3);
    add("projector.output.weight", {d, d}, 0.5 / std::sqrt(static_cast<double>(d)));
    add("projector.output.bias", {d}, 0.0);
  }

  add("projector.time", {kTimeFeatures, d}, 0.3);
  add("text.token", {vocabulary, d}, 0.02);
  add("text.position", {options.maximum_text, d}, 0.1);
  const double scale = 1.0 / std::sqrt(static_cast<double>(d));
  const double residual_scale = scale / std::sqrt(2.0 * static_cast<double>(options.layers));
  const std::int64_t wide = options.mlp_ratio * d;
  for (std::int64_t i = 0; i < options.layers; ++i) {
    add(layer_name(i, "attention_norm.weight"), {d}, 0.0, 1.0);
    add(layer_name(i, "attention_norm.bias"), {d}, 0.0);
    add(layer_name(i, "attention.qkv.weight"), {3 * d, d}, scale);
    add(layer_name(i, "attention.qkv.bias"), {3 * d}, 0.0);
    add(layer_name(i, "attention.output.weight"), {d, d}, residual_scale);
    add(layer_name(i, "attention.output.bias"), {d}, 0.0);
    add(layer_name(i, "mlp_norm.weight"), {d}, 0.0, 1.0);
    add(layer_name(i, "mlp_norm.bias"), {d}, 0.0);
    add(layer_name(i, "mlp.up.weight"), {wide, d}, std::sqrt(2.0) * scale);
    add(layer_name(i, "mlp.up.bias"), {wide}, 0.0);
    add(layer_name(i, "mlp.down.weight"), {d, wide},
        residual_scale / std::sqrt(static_cast<double>(options.mlp_ratio)));
    add(layer_name(i, "mlp.down.bias"), {d}, 0.0);
  }
  add("text.norm.weight", {d}, 0.0, 1.0);
  add("text.norm.bias", {d}, 0.0);
}

void Network::add(const std::string& name, std::vector<std::int64_t> shape, double scale,
                  double mean) {
  torch::Tensor value = torch::full(shape, mean, torch::kFloat32);
  if (scale > 0.0) {
    RandomStream stream(seed_, "model/micro/" + name);
    float* data = value.data_ptr<float>();
    for (std::int64_t i = 0; i < value.numel(); ++i) {
      data[i] += static_cast<float>(scale * stream.normal());
    }
  }
  parameters_[name] = value.requires_grad_(true);
}

const torch::Tensor& Network::at(const std::string& name) const { return parameters_.at(name); }

void Network::assign(const std::string& name, const torch::Tensor& value) {
  const torch::NoGradGuard no_grad;
  const auto parameter = parameters_.find(name);
  torch::Tensor target = parameter != parameters_.end() ? parameter->second : buffers_.at(name);
  if (target.sizes() != value.sizes()) {
    throw std::logic_error("parameter '" + name + "' assigned with another shape");
  }
  target.copy_(value);
}

void Network::set_trainable(const std::string& prefix, bool trainable) {
  for (auto& [name, parameter] : parameters_) {
    if (name.rfind(prefix, 0) == 0) parameter.requires_grad_(trainable);
  }
}

torch::Tensor Network::tower_grid(const torch::Tensor& pixels) const {
  torch::Tensor x = pixels * 2.0 - 1.0;  // [F, 3, 32, 32]
  for (int i = 0; i < 4; ++i) {
    const std::string name = "vision.convolution." + std::to_string(i);
    x = torch::conv2d(x, at(name + ".weight"), at(name + ".bias"), i < 3 ? 2 : 1, 1);
    if (i < 3) x = torch::relu(x);
  }
  const auto& mean = buffers_.at("vision.feature_mean");
  const auto& deviation = buffers_.at("vision.feature_deviation");
  return (x - mean.view({1, -1, 1, 1})) / deviation.view({1, -1, 1, 1});  // [F, C, 4, 4]
}

torch::Tensor Network::tower(const torch::Tensor& pixels) const {
  const torch::Tensor grid = tower_grid(pixels);
  const std::int64_t frames = grid.size(0), c = grid.size(1);
  return grid
      .reshape({frames, c, 2, 2, 2, 2})  // [F, C, block row, row, block column, column]
      .permute({0, 2, 4, 3, 5, 1})
      .reshape({frames * kTokensPerFrame, 4 * c});
}

torch::Tensor Network::project(const torch::Tensor& visual,
                               const std::vector<std::int64_t>& frames_per_medium) const {
  if (options_.frame_context) return project_in_context(visual, frames_per_medium);
  const std::int64_t frames = visual.size(0) / kTokensPerFrame;
  const torch::Tensor now =
      visual.view({frames, kTokensPerFrame * kCellsPerToken, -1});  // [n, cells, C]
  std::vector<torch::Tensor> sights = {now};
  for (const std::int64_t lag : {std::int64_t{1}, options_.change_frames}) {
    torch::Tensor earlier = torch::empty({frames}, torch::kInt64);  // the frame to compare with
    std::int64_t first = 0;
    for (const std::int64_t count : frames_per_medium) {
      for (std::int64_t frame = first; frame < first + count; ++frame) {
        earlier.data_ptr<std::int64_t>()[frame] = std::max(first, frame - lag);
      }
      first += count;
    }
    sights.push_back(now - now.index_select(0, earlier));
  }
  // All are shown weighted by their cell's place as well: the sum over cells then has where a thing
  // is and how far it moved, which weights shared by the cells cannot express.
  const torch::Tensor here = torch::cat(sights, 2);  // [n, cells, 3 C]
  const torch::Tensor seen = torch::cat({here, here * column_, here * row_}, 2);
  const torch::Tensor x = torch::relu(torch::linear(seen, at("projector.input.weight"),
                                                    at("projector.input.bias")) +
                                      at("projector.cell"));  // [n, cells, D]
  const torch::Tensor tokens = x.view({frames * kTokensPerFrame, kCellsPerToken, -1}).sum(1);
  return torch::linear(tokens, at("projector.output.weight"), at("projector.output.bias"));
}

torch::Tensor Network::project_in_context(
    const torch::Tensor& visual, const std::vector<std::int64_t>& frames_per_medium) const {
  const std::int64_t frames = visual.size(0) / kTokensPerFrame, c = options_.tower_channels;
  const torch::Tensor cells = visual.view({frames, kTokensPerFrame * kCellsPerToken, c});
  // Places run from -1 to 1 over the middles of four cells; the last two channels lie within one.
  const torch::Tensor within = cells.slice(2, c - 2).clamp(-0.75, 0.75) * (2.0 / 3.0);
  const torch::Tensor x_place = column_ + within.slice(2, 0, 1),
                      y_place = row_ + within.slice(2, 1);
  const torch::Tensor quarters = torch::cat({cells, cells * x_place, cells * y_place}, 2)
                                     .view({frames, kTokensPerFrame, kCellsPerToken, 3 * c})
                                     .sum(2);   // [n, G, 3 C]
  const torch::Tensor whole = quarters.sum(1);  // [n, 3 C]
  const auto change = [&](const torch::Tensor& now, std::int64_t lag) {
    return now - now.index_select(0, frames_before(frames_per_medium, lag));
  };
  const std::int64_t lag = options_.change_frames;
  const torch::Tensor own = torch::cat({quarters, change(quarters, 1), change(quarters, lag)}, 2);
  std::vector<torch::Tensor> around = {whole, change(whole, 1), change(whole, lag)};
  for (const std::int64_t other : kAround) around.push_back(change(whole.slice(1, 0, c), other));
  const torch::Tensor frame = torch::matmul(torch::cat(around, 1), at("projector.frame").t());
  const torch::Tensor x =
      torch::relu(torch::linear(own, at("projector.input.weight"), at("projector.input.bias")) +
                  at("projector.place") + frame.unsqueeze(1));  // [n, G, 2 D]
  return (torch::linear(x, at("projector.output.weight"), at("projector.output.bias")) +
          at("projector.position"))
      .flatten(0, 1);
}

// Time as sines and cosines: a shift in time is then one linear map wherever the clip stands, so
// that order learnt at some slots holds at all. [slots + 2, kTimeFeatures]; the first and the last
// row are of what is in no clip.
torch::Tensor Network::time_features() const {
  torch::Tensor features = torch::zeros({options_.frame_slots + 2, kTimeFeatures});
  for (std::int64_t slot = 0; slot < options_.frame_slots; ++slot) {
    for (std::int64_t i = 0; i < kTimeFeatures / 2; ++i) {
      // Periods from 3 to 64 frames, in equal ratios.
      const double period =
          3.0 * std::pow(64.0 / 3.0, static_cast<double>(i) / (kTimeFeatures / 2.0 - 1.0));
      const double angle = 2.0 * std::numbers::pi * static_cast<double>(slot) / period;
      features[slot + 1][2 * i] = std::sin(angle);
      features[slot + 1][2 * i + 1] = std::cos(angle);
    }
  }
  return features;
}

torch::Tensor Network::embed(const torch::Tensor& tokens, const torch::Tensor& positions,
                             const torch::Tensor& visual_rows, const torch::Tensor& visual) const {
  // Scaled to the size of positions and visual tokens; the table itself is small, since it is the
  // head, too.
  torch::Tensor x = torch::embedding(at("text.token"), tokens) *
                    std::sqrt(static_cast<double>(options_.width));  // [B, T, D]
  const torch::Tensor times = time_.index_select(
      0, (tokens.flatten() - WordTokenizer::kFirstFrameSlot).clamp(-1, options_.frame_slots) + 1);
  x = x + torch::matmul(times, at("projector.time")).view(x.sizes());
  const torch::Tensor is_text = positions.ge(0).unsqueeze(2);
  x = x + torch::embedding(at("text.position"), positions.clamp_min(0)) * is_text;
  if (visual_rows.numel() > 0) {
    x = x.view({-1, x.size(2)}).index_add(0, visual_rows, visual).view(x.sizes());
  }
  return x;
}

torch::Tensor Network::layer(std::int64_t index, const torch::Tensor& hidden,
                             const torch::Tensor& mask, const LayerCache* prefix,
                             LayerCache* own) const {
  const auto weight = [&](const char* name) -> const torch::Tensor& {
    return at(layer_name(index, name));
  };
  const std::int64_t d = options_.width, heads = options_.heads;
  const std::int64_t batch = hidden.size(0), length = hidden.size(1);
  torch::Tensor x = torch::layer_norm(hidden, {d}, weight("attention_norm.weight"),
                                      weight("attention_norm.bias"), kNormEpsilon);
  const torch::Tensor qkv =
      torch::linear(x, weight("attention.qkv.weight"), weight("attention.qkv.bias"))
          .view({batch, length, 3, heads, d / heads})
          .permute({2, 0, 3, 1, 4});  // [3, B, H, S, D / H]
  torch::Tensor keys = qkv[1], values = qkv[2];
  if (own != nullptr) {
    if (own->keys.defined()) {
      keys = torch::cat({own->keys, keys}, 2);
      values = torch::cat({own->values, values}, 2);
    }
    own->keys = keys;
    own->values = values;
  }
  if (prefix != nullptr) {
    keys = torch::cat({prefix->keys, keys}, 2);
    values = torch::cat({prefix->values, values}, 2);
  }
  x = attention(qkv[0], keys, values, mask).transpose(1, 2).reshape({batch, length, d});
  x = hidden + torch::linear(x, weight("attention.output.weight"), weight("attention.output.bias"));
  const torch::Tensor y =
      torch::layer_norm(x, {d}, weight("mlp_norm.weight"), weight("mlp_norm.bias"), kNormEpsilon);
  const torch::Tensor up =
      torch::relu(torch::linear(y, weight("mlp.up.weight"), weight("mlp.up.bias")));
  return x + torch::linear(up, weight("mlp.down.weight"), weight("mlp.down.bias"));
}

torch::Tensor Network::transform(torch::Tensor hidden, const torch::Tensor& mask,
                                 std::vector<LayerCache>* cache) const {
  if (cache != nullptr) cache->assign(static_cast<std::size_t>(options_.layers), LayerCache{});
  for (std::int64_t i = 0; i < options_.layers; ++i) {
    LayerCache* own = cache != nullptr ? &(*cache)[static_cast<std::size_t>(i)] : nullptr;
    hidden = layer(i, hidden, mask, nullptr, own);
  }
  return torch::layer_norm(hidden, {options_.width}, at("text.norm.weight"), at("text.norm.bias"),
                           kNormEpsilon);
}

torch::Tensor Network::extend(torch::Tensor hidden, const std::vector<LayerCache>& prefix,
                              std::vector<LayerCache>& grown, const torch::Tensor& mask) const {
  grown.resize(prefix.size());
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    hidden = layer(static_cast<std::int64_t>(i), hidden, mask, &prefix[i], &grown[i]);
  }
  return torch::layer_norm(hidden, {options_.width}, at("text.norm.weight"), at("text.norm.bias"),
                           kNormEpsilon);
}

torch::Tensor Network::head(const torch::Tensor& hidden) const {
  return torch::matmul(hidden, at("text.token").t());
}

}  // namespace winnow::micro
