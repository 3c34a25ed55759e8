#include "models/internvl/weights.h"

#include <fmt/format.h>

namespace winnow::internvl {
namespace {

constexpr double kLayerScale = 0.1;

const TextTraits& text_traits() {
  static const TextTraits traits = {"language_model.model.",
                                    "language_model.model.embed_tokens.weight",
                                    "language_model.lm_head.weight", true, false};
  return traits;
}

class InternVlTable : public TableMaker {
 public:
  void add_vision(const VisionConfig& config, VisionWeights& weights) {
    const std::int64_t d = config.hidden_size, f = config.intermediate_size;
    const std::int64_t p = config.patch_size;
    const bool norm_bias = !config.rms_norm, bias = config.attention_bias;
    const std::string ours = "vision.", theirs = "vision_tower.";
    add(ours + "class_token", theirs + "embeddings.cls_token", {1, 1, d}, weights.class_token);
    add_affine(ours + "patch", theirs + "embeddings.patch_embeddings.projection",
               {d, config.channels, p, p}, weights.patch);
    add(ours + "positions", theirs + "embeddings.position_embeddings", {1, 1 + config.patches(), d},
        weights.positions);
    weights.layers.resize(static_cast<std::size_t>(config.layers));
    for (std::size_t i = 0; i < weights.layers.size(); ++i) {
      VisionLayer& layer = weights.layers[i];
      const std::string name = fmt::format("{}layers.{}.", ours, i);
      const std::string published = fmt::format("{}encoder.layer.{}.", theirs, i);
      add_affine(name + "attention_norm", published + "layernorm_before", {d}, layer.attention_norm,
                 norm_bias);
      add_affine(name + "query", published + "attention.q_proj", {d, d}, layer.query, bias);
      add_affine(name + "key", published + "attention.k_proj", {d, d}, layer.key, bias);
      add_affine(name + "value", published + "attention.v_proj", {d, d}, layer.value, bias);
      if (config.query_key_norm) {
        add(name + "query_norm", published + "attention.q_norm.weight", {d}, layer.query_norm);
        add(name + "key_norm", published + "attention.k_norm.weight", {d}, layer.key_norm);
      }
      add_affine(name + "output", published + "attention.projection_layer", {d, d}, layer.output);
      add(name + "attention_scale", published + "lambda_1", {d}, layer.attention_scale);
      add_affine(name + "mlp_norm", published + "layernorm_after", {d}, layer.mlp_norm, norm_bias);
      add_affine(name + "up", published + "mlp.fc1", {f, d}, layer.up);
      add_affine(name + "down", published + "mlp.fc2", {d, f}, layer.down);
      add(name + "mlp_scale", published + "lambda_2", {d}, layer.mlp_scale);
    }
  }

  void add_projector(std::int64_t merged_size, std::int64_t output_size, Projector& projector) {
    const std::string ours = "projector.", theirs = "multi_modal_projector.";
    add_affine(ours + "norm", theirs + "layer_norm", {merged_size}, projector.norm);
    add_affine(ours + "hidden", theirs + "linear_1", {output_size, merged_size}, projector.hidden);
    add_affine(ours + "output", theirs + "linear_2", {output_size, output_size}, projector.output);
  }
};

}  // namespace

std::vector<TableEntry> tensor_table(const Config& config, Weights& weights) {
  InternVlTable maker;
  maker.add_vision(config.vision, weights.vision);
  maker.add_projector(config.merged_size(), config.text.hidden_size, weights.projector);
  add_text(maker, config.text, text_traits(), config.tied, weights.text);
  return maker.take();
}

Weights load_weights(const Config& config, const std::filesystem::path& folder,
                     const torch::TensorOptions& kind) {
  Weights weights;
  load_parameters(tensor_table(config, weights), folder, kind, "an InternVL3",
                  tied_head(text_traits(), config.tied));
  return weights;
}

Weights random_weights(const Config& config, std::uint64_t seed) {
  Weights weights;
  draw_parameters(tensor_table(config, weights), seed, "model/internvl/");
  for (VisionLayer& layer : weights.vision.layers) {
    layer.attention_scale.fill_(kLayerScale);
    layer.mlp_scale.fill_(kLayerScale);
  }
  return weights;
}

}  // namespace winnow::internvl
