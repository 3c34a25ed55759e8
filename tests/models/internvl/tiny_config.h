#pragma once
// An architecture of InternVL3 that costs nothing to run.

#include "models/internvl/config.h"

namespace winnow::internvl {

inline Config tiny_config(bool tied, bool rms = false) {
  Config config;
  config.vision = {.layers = 2,
                   .hidden_size = 16,
                   .intermediate_size = 24,
                   .heads = 2,
                   .channels = 3,
                   .tile_size = 16,
                   .patch_size = 4,
                   .norm_epsilon = 1e-6,
                   .rms_norm = rms,
                   .attention_bias = !rms,
                   .query_key_norm = rms};
  config.text = {{.vocabulary = 40,
                  .hidden_size = 24,
                  .intermediate_size = 32,
                  .layers = 2,
                  .heads = 4,
                  .key_value_heads = 2,
                  .head_size = 6,
                  .norm_epsilon = 1e-6},
                 1e6,
                 1.0,
                 64};
  config.merge_size = 2;
  config.tied = tied;
  config.image_token = 36;
  return config;
}

}  // namespace winnow::internvl
