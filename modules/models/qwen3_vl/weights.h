#pragma once
// The parameters of a Qwen3-VL model and the one table that says what each is called here, what it
// is called in published checkpoints, and its shape. Loading, checking and saving go through it.
//
// Shapes: D vision width, F vision MLP, E text width. The text model's are in text_decoder.h.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "models/parameter_table.h"
#include "models/qwen3_vl/config.h"
#include "models/text_decoder.h"
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

// Seeded random weights; see draw_parameters.
Weights random_weights(const Config& config, std::uint64_t seed);

}  // namespace winnow::qwen3_vl
