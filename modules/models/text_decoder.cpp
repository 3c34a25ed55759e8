#include "models/text_decoder.h"

#include <fmt/format.h>

#include "models/attention.h"
#include "models/recompute.h"

namespace winnow {
namespace {

torch::Tensor attend(const TextShape& shape, const TextLayer& layer, const torch::Tensor& x,
                     const RotaryTables& rotary, const torch::Tensor& mask, LayerCache* cache) {
  const std::int64_t batch = x.size(0), length = x.size(1);
  const auto heads = [&](const Affine& affine, const torch::Tensor& norm) {
    torch::Tensor y = apply(affine, x).view({batch, length, -1, shape.head_size});
    if (norm.defined()) y = rms_norm(y, norm, shape.norm_epsilon);
    return y.transpose(1, 2);  // [B, heads, S, head size]
  };
  const torch::Tensor q = rotate(heads(layer.query, layer.query_norm), rotary);
  torch::Tensor k = rotate(heads(layer.key, layer.key_norm), rotary);
  torch::Tensor v = heads(layer.value, {});
  if (cache != nullptr) {
    cache->append(k, v);
    k = cache->keys;
    v = cache->values;
  }
  const torch::Tensor seen = attention(q, k, v, mask).transpose(1, 2).reshape({batch, length, -1});
  return apply(layer.output, seen);
}

torch::Tensor run_layer(const TextShape& shape, const TextLayer& layer, const torch::Tensor& x,
                        const RotaryTables& rotary, const torch::Tensor& mask, LayerCache* cache) {
  const torch::Tensor seen =
      x + attend(shape, layer, rms_norm(x, layer.attention_norm, shape.norm_epsilon), rotary, mask,
                 cache);
  return seen + gated_mlp(rms_norm(seen, layer.mlp_norm, shape.norm_epsilon), layer.gate, layer.up,
                          layer.down);
}

}  // namespace

void read_text_shape(const ConfigTable& table, TextShape& shape) {
  table.expect_text("hidden_act", "silu");
  shape.vocabulary = table.integer("vocab_size", 1, kLargestVocabulary);
  shape.hidden_size = table.integer("hidden_size", 1, kLargestSize);
  shape.intermediate_size = table.integer("intermediate_size", 1, kLargestSize);
  shape.layers = table.integer("num_hidden_layers", 1, kMostLayers);
  shape.heads = table.integer("num_attention_heads", 1, kLargestSize);
  shape.key_value_heads = table.integer("num_key_value_heads", 1, shape.heads);
  if (shape.heads % shape.key_value_heads != 0) {
    table.refuse("num_key_value_heads", "a divisor of num_attention_heads");
  }
  shape.norm_epsilon = table.positive("rms_norm_eps");
}

void add_text(TableMaker& table, const TextShape& shape, const TextTraits& traits, bool tied,
              TextWeights& weights) {
  const std::int64_t e = shape.hidden_size, n = shape.intermediate_size;
  const std::int64_t q = shape.heads * shape.head_size;
  const std::int64_t kv = shape.key_value_heads * shape.head_size;
  table.add("text.token", traits.embedding, {shape.vocabulary, e}, weights.token);
  weights.layers.resize(static_cast<std::size_t>(shape.layers));
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    TextLayer& layer = weights.layers[i];
    const std::string name = fmt::format("text.layers.{}.", i);
    const std::string published = fmt::format("{}layers.{}.", traits.prefix, i);
    const auto norm = [&](const char* own, const char* other, std::int64_t size,
                          torch::Tensor& tensor) {
      table.add(name + own, published + other + ".weight", {size}, tensor);
    };
    const auto linear = [&](const char* own, const char* other, std::int64_t out, std::int64_t in,
                            Affine& affine, bool with_bias = false) {
      if (with_bias) {
        table.add_affine(name + own, published + other, {out, in}, affine);
      } else {
        table.add_linear(name + own, published + other, {out, in}, affine);
      }
    };
    norm("attention_norm", "input_layernorm", e, layer.attention_norm);
    linear("query", "self_attn.q_proj", q, e, layer.query, traits.attention_bias);
    linear("key", "self_attn.k_proj", kv, e, layer.key, traits.attention_bias);
    linear("value", "self_attn.v_proj", kv, e, layer.value, traits.attention_bias);
    if (traits.query_key_norm) {
      norm("query_norm", "self_attn.q_norm", shape.head_size, layer.query_norm);
      norm("key_norm", "self_attn.k_norm", shape.head_size, layer.key_norm);
    }
    linear("output", "self_attn.o_proj", e, q, layer.output);
    norm("mlp_norm", "post_attention_layernorm", e, layer.mlp_norm);
    linear("gate", "mlp.gate_proj", n, e, layer.gate);
    linear("up", "mlp.up_proj", n, e, layer.up);
    linear("down", "mlp.down_proj", e, n, layer.down);
  }
  table.add("text.norm", traits.prefix + "norm.weight", {e}, weights.norm);
  if (!tied) table.add("text.head", traits.head, {shape.vocabulary, e}, weights.head);
}

TiedTensor tied_head(const TextTraits& traits, bool tied) {
  return tied ? TiedTensor{traits.head, traits.embedding} : TiedTensor{};
}

torch::Tensor decode_text(const TextShape& shape, const TextWeights& weights,
                          const torch::Tensor& embeddings, const RotaryTables& rotary,
                          const torch::Tensor& mask, const DeepstackInput& deepstack,
                          std::vector<LayerCache>* cache, const Observer& observe) {
  const auto tell = [&](const std::string& stage, const torch::Tensor& value) {
    if (observe) observe(stage, value);
  };
  const RotaryTables turns = {rotary.cosine.unsqueeze(1), rotary.sine.unsqueeze(1)};  // all heads
  torch::Tensor x = embeddings;                                                       // [B, S, E]
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    const TextLayer& layer = weights.layers[i];
    tell("layer." + std::to_string(i) + ".in", x);
    if (cache != nullptr) {
      x = run_layer(shape, layer, x, turns, mask, &cache->at(i));
    } else {
      x = by_block(
          [=](const torch::Tensor& in) {
            return run_layer(shape, layer, in, turns, mask, nullptr);
          },
          x);
    }
    tell("layer." + std::to_string(i) + ".out", x);
    if (i < deepstack.features.size()) {
      x = x.flatten(0, 1).index_add(0, deepstack.rows, deepstack.features[i]).view(x.sizes());
    }
  }
  tell("norm.in", x);
  x = rms_norm(x, weights.norm, shape.norm_epsilon);
  tell("norm.out", x);
  return x;
}

}  // namespace winnow
