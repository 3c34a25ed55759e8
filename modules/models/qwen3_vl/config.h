#pragma once
// What a Qwen3-VL (dense) checkpoint says of itself in `config.json`.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "models/text_decoder.h"

namespace winnow::qwen3_vl {

struct VisionConfig {
  std::int64_t depth = 0;  // blocks
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t heads = 0;
  std::int64_t channels = 0;
  std::int64_t patch_size = 0;           // pixels
  std::int64_t temporal_patch_size = 0;  // frames
  std::int64_t merge_size = 0;           // patches per token and side
  std::int64_t positions = 0;            // learned, a square grid
  std::int64_t output_size = 0;
  std::vector<std::int64_t> deepstack_blocks;  // after which a deepstack merger follows

  std::int64_t head_size() const { return hidden_size / heads; }
  std::int64_t positions_per_side() const;
  std::int64_t patch_values() const {
    return channels * temporal_patch_size * patch_size * patch_size;
  }
  std::int64_t patches_per_token() const { return merge_size * merge_size; }
};

struct TextConfig : TextShape {
  double rope_theta = 0.0;
  std::vector<std::int64_t> rope_sections;  // frequencies of time, height, width; interleaved
};

struct Config {
  VisionConfig vision;
  TextConfig text;
  bool tied = false;  // the output layer is the token embedding
  std::int64_t image_token = 0, video_token = 0;
  std::int64_t vision_start_token = 0, vision_end_token = 0;
};

// Throws DataError naming the file, the key, its value and what would be right; also for a config
// of another family. The rope parameters may stand in `rope_scaling` and `rope_theta`, as in the
// published checkpoints, or together in `rope_parameters`, as newer tools write them.
Config read_config(const std::filesystem::path& path);
// Ditto from text; `name` is what errors call it.
Config parse_config(const std::string& text, const std::string& name);

// The config in the published layout, such that parse_config gives it back.
std::string config_text(const Config& config);

}  // namespace winnow::qwen3_vl
