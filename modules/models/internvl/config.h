#pragma once
// What an InternVL3 checkpoint says of itself in `config.json`.

#include <cstdint>
#include <filesystem>
#include <string>

#include "models/text_decoder.h"

namespace winnow::internvl {

// InternViT over square tiles.
struct VisionConfig {
  std::int64_t layers = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t heads = 0;
  std::int64_t channels = 0;
  std::int64_t tile_size = 0;   // pixels
  std::int64_t patch_size = 0;  // pixels
  double norm_epsilon = 0.0;
  bool rms_norm = false;  // else layer norm
  bool attention_bias = false;
  bool query_key_norm = false;  // over the full width

  std::int64_t patches_per_side() const { return tile_size / patch_size; }
  std::int64_t patches() const { return patches_per_side() * patches_per_side(); }  // of a tile
};

// Qwen2.
struct TextConfig : TextShape {
  double rope_theta = 0.0;
  // Sequences longer than `maximum_positions` turn slower, by this factor of `dynamic` scaling; 1:
  // no scaling.
  double rope_factor = 1.0;
  std::int64_t maximum_positions = 0;
};

struct Config {
  VisionConfig vision;
  TextConfig text;
  std::int64_t merge_size = 0;  // patches per token and side
  bool tied = false;            // the output layer is the token embedding
  std::int64_t image_token = 0;

  std::int64_t tokens_per_tile() const { return vision.patches() / (merge_size * merge_size); }
  std::int64_t merged_size() const { return vision.hidden_size * merge_size * merge_size; }
};

// Throws DataError naming the file, the key, its value and what would be right; also for a config
// of another family. The rope parameters may stand in `rope_scaling` and `rope_theta`, as in the
// published checkpoints, or together in `rope_parameters`, as newer tools write them.
Config read_config(const std::filesystem::path& path);
// Ditto from text; `name` is what errors call it.
Config parse_config(const std::string& text, const std::string& name);

// The config in the published layout, such that parse_config gives it back.
std::string config_text(const Config& config);

}  // namespace winnow::internvl
