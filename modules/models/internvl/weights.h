#pragma once
// The parameters of an InternVL3 model and the one table that says what each is called here, what
// it is called in published checkpoints, and its shape. Loading, checking and saving go through it.
//
// Shapes: D vision width, F vision MLP, K = m m D merged width, E text width. The text model's are
// in text_decoder.h.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "models/internvl/config.h"
#include "models/parameter_table.h"
#include "models/text_decoder.h"
#include "models/torch.h"

namespace winnow::internvl {

struct VisionLayer {
  Affine attention_norm;               // [D]; RMS norm has no bias
  Affine query, key, value;            // [D, D]; bias where the config says so
  torch::Tensor query_norm, key_norm;  // [D]; undefined without
  Affine output;                       // [D, D]
  torch::Tensor attention_scale;       // [D]
  Affine mlp_norm;                     // [D]
  Affine up;                           // [F, D]
  Affine down;                         // [D, F]
  torch::Tensor mlp_scale;             // [D]
};

struct VisionWeights {
  Affine patch;               // [D, C, p, p]
  torch::Tensor class_token;  // [1, 1, D]
  torch::Tensor positions;    // [1, 1 + patches, D], the class token's first
  std::vector<VisionLayer> layers;
};

struct Projector {
  Affine norm;    // [K]
  Affine hidden;  // [E, K]
  Affine output;  // [E, E]
};

struct Weights {
  VisionWeights vision;
  Projector projector;
  TextWeights text;
};

// All parameters, in a fixed order: "vision.", "projector.", "text.". Gives `weights` the config's
// number of layers; the entries point into it, and stay valid while those vectors do.
std::vector<TableEntry> tensor_table(const Config& config, Weights& weights);

// Weights of a checkpoint folder; see load_parameters.
Weights load_weights(const Config& config, const std::filesystem::path& folder,
                     const torch::TensorOptions& kind = torch::kFloat32);

// Seeded random weights; see draw_parameters. The scales of the vision layers are 0.1, as in the
// published config.
Weights random_weights(const Config& config, std::uint64_t seed);

}  // namespace winnow::internvl
