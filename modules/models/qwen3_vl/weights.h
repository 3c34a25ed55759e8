#pragma once
// The parameters of a Qwen3-VL model and the one table that says what each is called here, what it
// is called in published checkpoints, and its shape. Loading, checking and saving go through it.
//
// Shapes: D vision width, F vision MLP, E text width, N text MLP, V vocabulary, P patch values.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "models/parameter_table.h"
#include "models/qwen3_vl/config.h"
#include "models/torch.h"

namespace winnow::qwen3_vl {

struct VisionBlock {
  Affine attention_norm;  // [D]
  Affine qkv;             // [3 D, D]
  Affine output;          // [D, D]
  Affine mlp_norm;        // [D]
  Affine up;              // [F, D]
  Affine down;            // [D, F]
};

// m x m patches to one token; K = m m D.
struct Merger {
  Affine norm;    // [D] of the final one, [K] of a deepstack merger
  Affine hidden;  // [K, K]
  Affine output;  // [E, K]
};

struct VisionWeights {
  Affine patch;             // [D, C, T, p, p]
  torch::Tensor positions;  // [positions, D]
  std::vector<VisionBlock> blocks;
  Merger merger;
  std::vector<Merger> deepstack;
};

struct TextLayer {
  torch::Tensor attention_norm;        // [E]
  Affine query;                        // [heads * head size, E]; no linear layer has a bias
  Affine key, value;                   // [key-value heads * head size, E]
  torch::Tensor query_norm, key_norm;  // [head size]
  Affine output;                       // [E, heads * head size]
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

struct Weights {
  VisionWeights vision;
  TextWeights text;
};

// All parameters, in a fixed order. Gives `weights` the config's number of blocks and layers; the
// entries point into it, and stay valid while those vectors do.
std::vector<TableEntry> tensor_table(const Config& config, Weights& weights);

// Weights of a checkpoint folder; see load_parameters.
Weights load_weights(const Config& config, const std::filesystem::path& folder,
                     const torch::TensorOptions& kind = torch::kFloat32);

// Writes the weights under their published names; see save_parameters.
void save_weights(const Config& config, const Weights& weights, const std::filesystem::path& folder,
                  std::uint64_t maximum_bytes = 5'000'000'000);

// Seeded random weights; see draw_parameters.
Weights random_weights(const Config& config, std::uint64_t seed);

}  // namespace winnow::qwen3_vl
