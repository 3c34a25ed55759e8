#include "models/qwen3_vl/weights.h"

#include <fmt/format.h>

namespace winnow::qwen3_vl {
namespace {

const TextTraits& text_traits() {
  static const TextTraits traits = {"model.language_model.",
                                    "model.language_model.embed_tokens.weight", "lm_head.weight",
                                    false, true};
  return traits;
}

class Qwen3VlTable : public TableMaker {
 public:
  void add_merger(const std::string& name, const std::string& published, std::int64_t norm_size,
                  std::int64_t merged_size, std::int64_t output_size, Merger& merger) {
    add_affine(name + ".norm", published + ".norm", {norm_size}, merger.norm);
    add_affine(name + ".hidden", published + ".linear_fc1", {merged_size, merged_size},
               merger.hidden);
    add_affine(name + ".output", published + ".linear_fc2", {output_size, merged_size},
               merger.output);
  }

  void add_vision(const VisionConfig& config, VisionWeights& weights) {
    const std::int64_t d = config.hidden_size, f = config.intermediate_size;
    const std::int64_t k = config.patches_per_token() * d, p = config.patch_size;
    const std::string ours = "vision.", theirs = "model.visual.";
    add_affine(ours + "patch", theirs + "patch_embed.proj",
               {d, config.channels, config.temporal_patch_size, p, p}, weights.patch);
    add(ours + "positions", theirs + "pos_embed.weight", {config.positions, d}, weights.positions);
    weights.blocks.resize(static_cast<std::size_t>(config.depth));
    for (std::size_t i = 0; i < weights.blocks.size(); ++i) {
      VisionBlock& block = weights.blocks[i];
      const std::string name = fmt::format("{}blocks.{}.", ours, i);
      const std::string published = fmt::format("{}blocks.{}.", theirs, i);
      add_affine(name + "attention_norm", published + "norm1", {d}, block.attention_norm);
      add_affine(name + "qkv", published + "attn.qkv", {3 * d, d}, block.qkv);
      add_affine(name + "output", published + "attn.proj", {d, d}, block.output);
      add_affine(name + "mlp_norm", published + "norm2", {d}, block.mlp_norm);
      add_affine(name + "up", published + "mlp.linear_fc1", {f, d}, block.up);
      add_affine(name + "down", published + "mlp.linear_fc2", {d, f}, block.down);
    }
    add_merger(ours + "merger", theirs + "merger", d, k, config.output_size, weights.merger);
    weights.deepstack.resize(config.deepstack_blocks.size());
    for (std::size_t i = 0; i < weights.deepstack.size(); ++i) {
      add_merger(fmt::format("{}deepstack.{}", ours, i),
                 fmt::format("{}deepstack_merger_list.{}", theirs, i), k, k, config.output_size,
                 weights.deepstack[i]);
    }
  }
};

}  // namespace

std::vector<TableEntry> tensor_table(const Config& config, Weights& weights) {
  Qwen3VlTable maker;
  maker.add_vision(config.vision, weights.vision);
  add_text(maker, config.text, text_traits(), config.tied, weights.text);
  return maker.take();
}

Weights load_weights(const Config& config, const std::filesystem::path& folder,
                     const torch::TensorOptions& kind) {
  Weights weights;
  load_parameters(tensor_table(config, weights), folder, kind, "a Qwen3-VL",
                  tied_head(text_traits(), config.tied));
  return weights;
}

Weights random_weights(const Config& config, std::uint64_t seed) {
  Weights weights;
  draw_parameters(tensor_table(config, weights), seed, "model/qwen3_vl/");
  return weights;
}

}  // namespace winnow::qwen3_vl
