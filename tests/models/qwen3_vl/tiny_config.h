#pragma once
// An architecture of Qwen3-VL that costs nothing to run.

#include "models/qwen3_vl/config.h"

namespace winnow::qwen3_vl {

inline Config tiny_config(bool tied) {
  Config config;
  config.vision = {.depth = 2,
                   .hidden_size = 16,
                   .intermediate_size = 24,
                   .heads = 2,
                   .channels = 3,
                   .patch_size = 4,
                   .temporal_patch_size = 2,
                   .merge_size = 2,
                   .positions = 16,
                   .output_size = 24,
                   .deepstack_blocks = {0}};
  config.text = {{.vocabulary = 40,
                  .hidden_size = 24,
                  .intermediate_size = 32,
                  .layers = 2,
                  .heads = 4,
                  .key_value_heads = 2,
                  .head_size = 12,
                  .norm_epsilon = 1e-6},
                 5e6,
                 {2, 2, 2}};
  config.tied = tied;
  config.image_token = 36;
  config.video_token = 37;
  config.vision_start_token = 38;
  config.vision_end_token = 39;
  return config;
}

}  // namespace winnow::qwen3_vl
