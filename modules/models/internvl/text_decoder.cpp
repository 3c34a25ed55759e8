#include "models/internvl/text_decoder.h"

#include <cmath>
#include <string>

#include "models/attention.h"
#include "models/recompute.h"
#include "models/rotary.h"

namespace winnow::internvl {
namespace {

// Frequencies [head size / 2] of all sequences or, with scaling, [B, 1, head size / 2] of each: a
// sequence's own length counts, not its batch's.
torch::Tensor frequencies(const TextConfig& config, const torch::Tensor& positions) {
  const std::int64_t size = config.head_size();
  if (config.rope_factor == 1.0) return rotary_frequencies(config.rope_theta, size);
  const torch::Tensor last = positions.amax(1).cpu();  // [B]
  std::vector<torch::Tensor> rows;
  for (std::int64_t b = 0; b < last.size(0); ++b) {
    const std::int64_t length = last[b].item<std::int64_t>() + 1;
    rows.push_back(rotary_frequencies(rope_theta(config, length), size));
  }
  return torch::stack(rows).unsqueeze(1);
}

torch::Tensor attend(const TextConfig& config, const TextLayer& layer, const torch::Tensor& x,
                     const RotaryTables& rotary, const torch::Tensor& mask, LayerCache* cache) {
  const std::int64_t batch = x.size(0), length = x.size(1);
  const auto heads = [&](const Affine& affine) {  // [B, heads, S, head size]
    return apply(affine, x).view({batch, length, -1, config.head_size()}).transpose(1, 2);
  };
  const torch::Tensor q = rotate(heads(layer.query), rotary);
  torch::Tensor k = rotate(heads(layer.key), rotary), v = heads(layer.value);
  if (cache != nullptr) {
    cache->append(k, v);
    k = cache->keys;
    v = cache->values;
  }
  const torch::Tensor seen = attention(q, k, v, mask).transpose(1, 2).reshape({batch, length, -1});
  return apply(layer.output, seen);
}

torch::Tensor run_layer(const TextConfig& config, const TextLayer& layer, const torch::Tensor& x,
                        const RotaryTables& rotary, const torch::Tensor& mask, LayerCache* cache) {
  const torch::Tensor seen =
      x + attend(config, layer, rms_norm(x, layer.attention_norm, config.norm_epsilon), rotary,
                 mask, cache);
  return seen + gated_mlp(rms_norm(seen, layer.mlp_norm, config.norm_epsilon), layer.gate, layer.up,
                          layer.down);
}

}  // namespace

double rope_theta(const TextConfig& config, std::int64_t length) {
  if (config.rope_factor == 1.0 || length <= config.maximum_positions) return config.rope_theta;
  const double stretch = config.rope_factor * static_cast<double>(length) /
                             static_cast<double>(config.maximum_positions) -
                         (config.rope_factor - 1.0);
  const auto size = static_cast<double>(config.head_size());
  return config.rope_theta * std::pow(stretch, size / (size - 2.0));
}

torch::Tensor decode(const TextConfig& config, const TextWeights& weights,
                     const torch::Tensor& embeddings, const torch::Tensor& positions,
                     const torch::Tensor& mask, std::vector<LayerCache>* cache,
                     const Observer& observe) {
  const torch::Tensor angles = positions.to(torch::kFloat32).unsqueeze(2) *
                               frequencies(config, positions).to(positions.device());
  // For all heads: [B, 1, S, head size].
  const RotaryTables rotary = rotary_tables(angles.unsqueeze(1), embeddings.scalar_type());
  torch::Tensor x = embeddings;  // [B, S, E]
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    const TextLayer& layer = weights.layers[i];
    if (cache != nullptr) {
      x = run_layer(config, layer, x, rotary, mask, &cache->at(i));
    } else {
      x = by_block(
          [=](const torch::Tensor& in) {
            return run_layer(config, layer, in, rotary, mask, nullptr);
          },
          x);
    }
    if (observe) observe("layer." + std::to_string(i) + ".out", x);
  }
  x = rms_norm(x, weights.norm, config.norm_epsilon);
  if (observe) observe("norm.out", x);
  return x;
}

}  // namespace winnow::internvl
