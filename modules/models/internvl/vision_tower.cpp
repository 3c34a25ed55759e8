#include "models/internvl/vision_tower.h"

#include <string>

#include "models/attention.h"
#include "models/recompute.h"

namespace winnow::internvl {
namespace {

constexpr double kQueryKeyNormEpsilon = 1e-6;  // whatever the config says of the other norms
constexpr double kProjectorNormEpsilon = 1e-5;

torch::Tensor normalise(const VisionConfig& config, const Affine& norm, const torch::Tensor& x) {
  if (config.rms_norm) return rms_norm(x, norm.weight, config.norm_epsilon);
  return torch::layer_norm(x, norm.weight.sizes(), norm.weight, norm.bias, config.norm_epsilon);
}

// x: [n, 1 + patches, D].
torch::Tensor attend(const VisionConfig& config, const VisionLayer& layer, const torch::Tensor& x) {
  const auto heads = [&](const torch::Tensor& y) {  // [n, heads, 1 + patches, head size]
    return y.view({y.size(0), y.size(1), config.heads, -1}).transpose(1, 2);
  };
  torch::Tensor q = apply(layer.query, x), k = apply(layer.key, x);
  if (config.query_key_norm) {
    q = rms_norm(q, layer.query_norm, kQueryKeyNormEpsilon);
    k = rms_norm(k, layer.key_norm, kQueryKeyNormEpsilon);
  }
  const torch::Tensor seen = attention(heads(q), heads(k), heads(apply(layer.value, x)), {});
  return apply(layer.output, seen.transpose(1, 2).reshape(x.sizes()));
}

torch::Tensor run_layer(const VisionConfig& config, const VisionLayer& layer,
                        const torch::Tensor& x) {
  const torch::Tensor seen =
      x + layer.attention_scale * attend(config, layer, normalise(config, layer.attention_norm, x));
  const torch::Tensor up = apply(layer.up, normalise(config, layer.mlp_norm, seen));
  return seen + layer.mlp_scale * apply(layer.down, torch::gelu(up));
}

// The patches of every tile, row by row, each as channels, rows, columns: [n, patches, C p p].
torch::Tensor cut_patches(const VisionConfig& config, const torch::Tensor& tiles) {
  const std::int64_t n = tiles.size(0), s = config.patches_per_side(), p = config.patch_size;
  return tiles.view({n, config.channels, s, p, s, p})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({n, s * s, config.channels * p * p});
}

// Blocks of m x m patches become one: [n, patches, D] -> [n, M, K], in K first the block's rows,
// then its columns, then D.
torch::Tensor merge_blocks(const Config& config, const torch::Tensor& x) {
  const std::int64_t m = config.merge_size, s = config.vision.patches_per_side() / m;
  return x.reshape({x.size(0), s, m, s, m, x.size(2)})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({x.size(0), s * s, config.merged_size()});
}

}  // namespace

torch::Tensor encode_tiles(const Config& config, const VisionWeights& weights,
                           const torch::Tensor& tiles, const Observer& observe) {
  const torch::Tensor& kernel = weights.patch.weight;
  const torch::Tensor patches =
      torch::linear(cut_patches(config.vision, tiles.to(kernel.scalar_type())), kernel.flatten(1),
                    weights.patch.bias);  // [n, patches, D]
  torch::Tensor x = torch::cat({weights.class_token.expand({tiles.size(0), 1, -1}), patches}, 1) +
                    weights.positions;
  if (observe) observe("embeddings", x);
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    x = by_block([vision = config.vision, layer = weights.layers[i]](
                     const torch::Tensor& in) { return run_layer(vision, layer, in); },
                 x);
    if (observe) observe("layer." + std::to_string(i) + ".out", x);
  }
  const torch::Tensor merged = merge_blocks(config, x.slice(1, 1));
  if (observe) observe("pixel_shuffled", merged);
  return merged;
}

torch::Tensor project(const Projector& projector, const torch::Tensor& merged) {
  const torch::Tensor x =
      torch::layer_norm(merged, projector.norm.weight.sizes(), projector.norm.weight,
                        projector.norm.bias, kProjectorNormEpsilon);
  return apply(projector.output, torch::gelu(apply(projector.hidden, x)));
}

}  // namespace winnow::internvl
