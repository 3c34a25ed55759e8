#include "models/qwen3_vl/text_decoder.h"

#include <limits>

#include "models/attention.h"
#include "models/qwen3_vl/rotary.h"

namespace winnow::qwen3_vl {
namespace {

// In float32 whatever the dtype, as the reference does it.
torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon) {
  const torch::Tensor wide = x.to(torch::kFloat32);
  const torch::Tensor scale = torch::rsqrt(wide.square().mean(-1, true) + epsilon);
  return weight * (wide * scale).to(x.scalar_type());
}

torch::Tensor attend(const TextConfig& config, const TextLayer& layer, const torch::Tensor& x,
                     const RotaryTables& rotary, const torch::Tensor& mask, LayerCache* cache) {
  const std::int64_t batch = x.size(0), length = x.size(1);
  const auto heads = [&](const torch::Tensor& weight) {  // [B, S, heads, head size]
    return torch::linear(x, weight).view({batch, length, -1, config.head_size});
  };
  const torch::Tensor q =
      rotate(rms_norm(heads(layer.query), layer.query_norm, config.norm_epsilon).transpose(1, 2),
             rotary);  // [B, heads, S, head size]
  torch::Tensor k = rotate(
      rms_norm(heads(layer.key), layer.key_norm, config.norm_epsilon).transpose(1, 2), rotary);
  torch::Tensor v = heads(layer.value).transpose(1, 2);
  if (cache != nullptr) {
    if (cache->keys.defined()) {
      k = torch::cat({cache->keys, k}, 2);
      v = torch::cat({cache->values, v}, 2);
    }
    *cache = {k, v};
  }
  const torch::Tensor seen = attention(q, k, v, mask).transpose(1, 2).reshape({batch, length, -1});
  return torch::linear(seen, layer.output);
}

torch::Tensor gated_mlp(const TextLayer& layer, const torch::Tensor& x) {
  return torch::linear(torch::silu(torch::linear(x, layer.gate)) * torch::linear(x, layer.up),
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
    x = x + attend(config, layer, rms_norm(x, layer.attention_norm, config.norm_epsilon), rotary,
                   mask, cache != nullptr ? &cache->at(i) : nullptr);
    x = x + gated_mlp(layer, rms_norm(x, layer.mlp_norm, config.norm_epsilon));
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

torch::Tensor causal_mask(const torch::Tensor& attention_mask, torch::ScalarType dtype) {
  const std::int64_t length = attention_mask.size(1);
  const torch::Tensor before =
      torch::ones({length, length},
                  torch::TensorOptions(torch::kBool).device(attention_mask.device()))
          .tril();
  const torch::Tensor self =
      torch::eye(length, torch::TensorOptions(torch::kBool).device(attention_mask.device()));
  const torch::Tensor present = attention_mask.to(torch::kBool);  // [B, S]
  const torch::Tensor allowed =
      (before.unsqueeze(0) & present.unsqueeze(1)) | self.unsqueeze(0);  // [B, S, S]
  const torch::Tensor mask =
      torch::zeros(allowed.sizes(), torch::TensorOptions(dtype).device(attention_mask.device()))
          .masked_fill(~allowed, -std::numeric_limits<float>::infinity());
  return mask.unsqueeze(1);
}

}  // namespace winnow::qwen3_vl
