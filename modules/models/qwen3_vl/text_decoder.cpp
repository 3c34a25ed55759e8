#include "models/qwen3_vl/text_decoder.h"

#include "models/attention.h"
#include "models/recompute.h"
#include "models/rotary.h"

namespace winnow::qwen3_vl {
namespace {

// Angles [B, S, head size / 2] from positions [3, B, S] (time, height, width). Frequencies are
// dealt out in turns: of the first 3 * sections[1] every second of three follows height, of the
// first 3 * sections[2] every third of three follows width, all others time.
torch::Tensor interleaved_angles(const torch::Tensor& positions, const torch::Tensor& frequencies,
                                 const std::vector<std::int64_t>& sections) {
  std::vector<std::int64_t> axis(static_cast<std::size_t>(frequencies.size(0)), 0);
  for (std::int64_t which = 1; which < 3; ++which) {
    const std::int64_t end = 3 * sections[static_cast<std::size_t>(which)];
    for (std::int64_t i = which; i < end; i += 3) axis[static_cast<std::size_t>(i)] = which;
  }
  // [3, B, S] -> [head size / 2, B, S]: each frequency's own row of positions.
  const torch::Tensor chosen =
      positions.index_select(0, torch::tensor(axis).to(positions.device())).to(torch::kFloat32);
  return chosen.permute({1, 2, 0}) * frequencies.to(positions.device());
}

torch::Tensor attend(const TextConfig& config, const TextLayer& layer, const torch::Tensor& x,
                     const RotaryTables& rotary, const torch::Tensor& mask, LayerCache* cache) {
  const std::int64_t batch = x.size(0), length = x.size(1);
  const auto heads = [&](const Affine& linear) {  // [B, S, heads, head size]
    return apply(linear, x).view({batch, length, -1, config.head_size});
  };
  const torch::Tensor q =
      rotate(rms_norm(heads(layer.query), layer.query_norm, config.norm_epsilon).transpose(1, 2),
             rotary);  // [B, heads, S, head size]
  torch::Tensor k = rotate(
      rms_norm(heads(layer.key), layer.key_norm, config.norm_epsilon).transpose(1, 2), rotary);
  torch::Tensor v = heads(layer.value).transpose(1, 2);
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

torch::Tensor decode(const TextConfig& config, const TextWeights& weights,
                     const torch::Tensor& embeddings, const torch::Tensor& positions,
                     const torch::Tensor& mask, const DeepstackInput& deepstack,
                     std::vector<LayerCache>* cache, const Observer& observe) {
  const torch::Tensor angles = interleaved_angles(
      positions, rotary_frequencies(config.rope_theta, config.head_size), config.rope_sections);
  RotaryTables rotary = rotary_tables(angles, embeddings.scalar_type());  // [B, S, head size]
  if (observe) {
    observe("rope_cos", rotary.cosine);
    observe("rope_sin", rotary.sine);
  }
  rotary = {rotary.cosine.unsqueeze(1), rotary.sine.unsqueeze(1)};  // for all heads
  torch::Tensor x = embeddings;                                     // [B, S, E]
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    const TextLayer& layer = weights.layers[i];
    if (observe) observe("layer." + std::to_string(i) + ".in", x);
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
    if (i < deepstack.features.size()) {
      x = x.flatten(0, 1).index_add(0, deepstack.rows, deepstack.features[i]).view(x.sizes());
    }
  }
  if (observe) observe("norm.in", x);
  x = rms_norm(x, weights.norm, config.norm_epsilon);
  if (observe) observe("norm.out", x);
  return x;
}

}  // namespace winnow::qwen3_vl
