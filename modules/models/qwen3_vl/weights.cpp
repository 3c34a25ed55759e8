#include "models/qwen3_vl/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "core/errors.h"
#include "core/random.h"
#include "models/checkpoint.h"

namespace winnow::qwen3_vl {
namespace {

using Shape = std::vector<std::int64_t>;

constexpr const char* kHead = "lm_head.weight";
constexpr const char* kEmbedding = "model.language_model.embed_tokens.weight";

// Some tools write the output layer of a tied model a second time.
void check_tied_head(const Checkpoint& checkpoint, const std::filesystem::path& folder) {
  const SafetensorsFile::Entry &head = checkpoint.entry(kHead),
                               &embedding = checkpoint.entry(kEmbedding);
  if (head.type == embedding.type && head.shape == embedding.shape &&
      torch::equal(checkpoint.tensor(kHead), checkpoint.tensor(kEmbedding))) {
    return;
  }
  throw DataError(
      fmt::format("{}: holds tensor '{}' with values of its own, but config.json has "
                  "tie_word_embeddings = true, which makes it '{}'",
                  folder.string(), kHead, kEmbedding));
}

class TableMaker {
 public:
  void add(const std::string& name, const std::string& published, Shape shape,
           torch::Tensor& tensor) {
    table_.push_back({name, published, std::move(shape), &tensor});
  }

  // A weight and a bias as long as the weight's first dimension.
  void add_affine(const std::string& name, const std::string& published, const Shape& shape,
                  Affine& affine) {
    add(name + ".weight", published + ".weight", shape, affine.weight);
    add(name + ".bias", published + ".bias", {shape[0]}, affine.bias);
  }

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
      put("attention_norm", "input_layernorm", {e}, layer.attention_norm);
      put("query", "self_attn.q_proj", {q, e}, layer.query);
      put("key", "self_attn.k_proj", {kv, e}, layer.key);
      put("value", "self_attn.v_proj", {kv, e}, layer.value);
      put("query_norm", "self_attn.q_norm", {config.head_size}, layer.query_norm);
      put("key_norm", "self_attn.k_norm", {config.head_size}, layer.key_norm);
      put("output", "self_attn.o_proj", {e, q}, layer.output);
      put("mlp_norm", "post_attention_layernorm", {e}, layer.mlp_norm);
      put("gate", "mlp.gate_proj", {n, e}, layer.gate);
      put("up", "mlp.up_proj", {n, e}, layer.up);
      put("down", "mlp.down_proj", {e, n}, layer.down);
    }
    add(ours + "norm", theirs + "norm.weight", {e}, weights.norm);
    if (!tied) add(ours + "head", kHead, {config.vocabulary, e}, weights.head);
  }

  std::vector<TableEntry> take() { return std::move(table_); }

 private:
  std::vector<TableEntry> table_;
};

}  // namespace

std::vector<TableEntry> tensor_table(const Config& config, Weights& weights) {
  TableMaker maker;
  maker.add_vision(config.vision, weights.vision);
  maker.add_text(config.text, config.tied, weights.text);
  return maker.take();
}

Weights load_weights(const Config& config, const std::filesystem::path& folder,
                     torch::ScalarType dtype) {
  const Checkpoint checkpoint(folder);
  Weights weights;
  const std::vector<TableEntry> table = tensor_table(config, weights);
  std::set<std::string> expected;
  for (const TableEntry& entry : table) {
    expected.insert(entry.published);
    if (!checkpoint.contains(entry.published)) {
      throw DataError(
          fmt::format("{}: lacks tensor '{}' of shape [{}], which its config.json asks "
                      "for",
                      folder.string(), entry.published, fmt::join(entry.shape, ", ")));
    }
    const SafetensorsFile::Entry& found = checkpoint.entry(entry.published);
    if (found.shape != entry.shape) {
      throw DataError(fmt::format("{}: tensor '{}' has shape [{}]; its config.json asks for [{}]",
                                  folder.string(), entry.published, fmt::join(found.shape, ", "),
                                  fmt::join(entry.shape, ", ")));
    }
    if (!torch::isFloatingType(found.type)) {
      throw DataError(fmt::format("{}: tensor '{}' holds {}; F32, F16 or BF16 is needed",
                                  folder.string(), entry.published, torch::toString(found.type)));
    }
  }
  for (const std::string& name : checkpoint.names()) {
    if (expected.count(name) > 0) continue;
    if (config.tied && name == kHead) {
      check_tied_head(checkpoint, folder);
      continue;
    }
    throw DataError(
        fmt::format("{}: holds tensor '{}', for which a Qwen3-VL of its config.json "
                    "has no place",
                    folder.string(), name));
  }
  for (const TableEntry& entry : table) {
    *entry.tensor = torch::empty(entry.shape, dtype);
    entry.tensor->copy_(checkpoint.tensor(entry.published));
  }
  return weights;
}

void save_weights(const Config& config, const Weights& weights, const std::filesystem::path& folder,
                  std::uint64_t maximum_bytes) {
  Weights same = weights;  // shares the tensors; the table wants something to point into
  std::map<std::string, torch::Tensor> tensors;
  for (const TableEntry& entry : tensor_table(config, same)) {
    tensors.emplace(entry.published, *entry.tensor);
  }
  write_checkpoint(folder, tensors, maximum_bytes);
}

Weights random_weights(const Config& config, std::uint64_t seed) {
  Weights weights;
  for (const TableEntry& entry : tensor_table(config, weights)) {
    const bool is_bias = entry.name.ends_with(".bias");
    const bool is_norm = entry.name.ends_with("norm") || entry.name.ends_with("norm.weight");
    torch::Tensor values = torch::full(entry.shape, is_norm ? 1.0 : 0.0, torch::kFloat32);
    if (!is_bias && !is_norm) {
      RandomStream stream(seed, "model/qwen3_vl/" + entry.name);
      float* data = values.data_ptr<float>();
      for (std::int64_t i = 0; i < values.numel(); ++i) {
        data[i] = static_cast<float>(0.02 * stream.normal());
      }
    }
    *entry.tensor = values;
  }
  return weights;
}

}  // namespace winnow::qwen3_vl
