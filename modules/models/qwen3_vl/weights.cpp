#include "models/qwen3_vl/weights.h"

#include <fmt/format.h>

namespace winnow::qwen3_vl {
namespace {

using Shape = std::vector<std::int64_t>;

constexpr const char* kHead = "lm_head.weight";
constexpr const char* kEmbedding = "model.language_model.embed_tokens.weight";

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

  void add_text(const TextConfig& config, bool tied, TextWeights& weights) {
    const std::int64_t e = config.hidden_size, n = config.intermediate_size;
    const std::int64_t q = config.heads * config.head_size;
    const std::int64_t kv = config.key_value_heads * config.head_size;
    const std::string ours = "text.", theirs = "model.language_model.";
    add(ours + "token", kEmbedding, {config.vocabulary, e}, weights.token);
    weights.layers.resize(static_cast<std::size_t>(config.layers));
    for (std::size_t i = 0; i < weights.layers.size(); ++i) {
      TextLayer& layer = weights.layers[i];
      const std::string name = fmt::format("{}layers.{}.", ours, i);
      const auto put = [&](const char* own, const char* other, Shape shape, torch::Tensor& tensor) {
        add(name + own, fmt::format("{}layers.{}.{}.weight", theirs, i, other), std::move(shape),
            tensor);
      };
      const auto put_linear = [&](const char* own, const char* other, Shape shape, Affine& linear) {
        add_linear(name + own, fmt::format("{}layers.{}.{}", theirs, i, other), std::move(shape),
                   linear);
      };
      put("attention_norm", "input_layernorm", {e}, layer.attention_norm);
      put_linear("query", "self_attn.q_proj", {q, e}, layer.query);
      put_linear("key", "self_attn.k_proj", {kv, e}, layer.key);
      put_linear("value", "self_attn.v_proj", {kv, e}, layer.value);
      put("query_norm", "self_attn.q_norm", {config.head_size}, layer.query_norm);
      put("key_norm", "self_attn.k_norm", {config.head_size}, layer.key_norm);
      put_linear("output", "self_attn.o_proj", {e, q}, layer.output);
      put("mlp_norm", "post_attention_layernorm", {e}, layer.mlp_norm);
      put_linear("gate", "mlp.gate_proj", {n, e}, layer.gate);
      put_linear("up", "mlp.up_proj", {n, e}, layer.up);
      put_linear("down", "mlp.down_proj", {e, n}, layer.down);
    }
    add(ours + "norm", theirs + "norm.weight", {e}, weights.norm);
    if (!tied) add(ours + "head", kHead, {config.vocabulary, e}, weights.head);
  }
};

}  // namespace

std::vector<TableEntry> tensor_table(const Config& config, Weights& weights) {
  Qwen3VlTable maker;
  maker.add_vision(config.vision, weights.vision);
  maker.add_text(config.text, config.tied, weights.text);
  return maker.take();
}

Weights load_weights(const Config& config, const std::filesystem::path& folder,
                     const torch::TensorOptions& kind) {
  Weights weights;
  load_parameters(tensor_table(config, weights), folder, kind, "a Qwen3-VL",
                  config.tied ? TiedTensor{kHead, kEmbedding} : TiedTensor{});
  return weights;
}

void save_weights(const Config& config, const Weights& weights, const std::filesystem::path& folder,
                  std::uint64_t maximum_bytes) {
  Weights same = weights;  // shares the tensors; the table wants something to point into
  save_parameters(tensor_table(config, same), folder, maximum_bytes);
}

Weights random_weights(const Config& config, std::uint64_t seed) {
  Weights weights;
  draw_parameters(tensor_table(config, weights), seed, "model/qwen3_vl/");
  return weights;
}

}  // namespace winnow::qwen3_vl
