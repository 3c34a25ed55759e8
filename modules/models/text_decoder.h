#pragma once
// The text model that the published families have in common: a causal transformer with
// grouped-query attention, rotary positions and gated MLPs. Qwen3 normalises queries and keys,
// Qwen2 has biases on queries, keys and values. How positions turn is a family's own.
//
// Shapes: B batch, S new tokens, T all tokens (cached ones first), E width, N MLP width, V
// vocabulary, M visual tokens.

#include <cstdint>
#include <string>
#include <vector>

#include "models/config_json.h"
#include "models/layers.h"
#include "models/observer.h"
#include "models/parameter_table.h"
#include "models/rotary.h"
#include "models/torch.h"

namespace winnow {

struct TextShape {
  std::int64_t vocabulary = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t key_value_heads = 0;
  std::int64_t head_size = 0;
  double norm_epsilon = 0.0;
};

// All but the head size from a config.json's table of the text model. Throws DataError as its
// getters do.
void read_text_shape(const ConfigTable& table, TextShape& shape);

struct TextLayer {
  torch::Tensor attention_norm;        // [E]
  Affine query;                        // [heads * head size, E]
  Affine key, value;                   // [key-value heads * head size, E]
  torch::Tensor query_norm, key_norm;  // [head size]; undefined in families without
  Affine output;                       // [E, heads * head size]; no bias, nor have those below
  torch::Tensor mlp_norm;              // [E]
  Affine gate, up;                     // [N, E]
  Affine down;                         // [E, N]
};

struct TextWeights {
  torch::Tensor token;  // [V, E]
  std::vector<TextLayer> layers;
  torch::Tensor norm;  // [E]
  torch::Tensor head;  // [V, E]; undefined when tied
  const torch::Tensor& output() const { return head.defined() ? head : token; }
};

// What sets a family's parameters apart: their published prefix and that of the output layer, and
// which of the optional ones it has.
struct TextTraits {
  std::string prefix;     // "model.language_model."
  std::string embedding;  // whole names
  std::string head;
  bool attention_bias = false, query_key_norm = false;
};

// Adds all parameters, "text." before their names. Gives `weights` the number of layers.
void add_text(TableMaker& table, const TextShape& shape, const TextTraits& traits, bool tied,
              TextWeights& weights);

// The output layer of a tied model, which some tools write; none of another.
TiedTensor tied_head(const TextTraits& traits, bool tied);

// Where visual tokens stand and what is added there after layer i: Qwen3-VL's deepstack.
struct DeepstackInput {
  torch::Tensor rows;                   // [M] indices into the flattened [B * S]
  std::vector<torch::Tensor> features;  // per layer [M, E]; none for later layers
};

// embeddings: [B, S, E] with visual features in place; rotary: [B, S, head size]; mask: additive
// [B, 1, S, T]. With a cache (one entry per layer) the new keys and values are appended to it.
// Returns the normalised last hidden states [B, S, E]. Observed: "layer.<i>.in", "layer.<i>.out",
// "norm.in", "norm.out".
torch::Tensor decode_text(const TextShape& shape, const TextWeights& weights,
                          const torch::Tensor& embeddings, const RotaryTables& rotary,
                          const torch::Tensor& mask, const DeepstackInput& deepstack = {},
                          std::vector<LayerCache>* cache = nullptr, const Observer& observe = {});

}  // namespace winnow
