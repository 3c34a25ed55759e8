// The config.json of an InternVL3 checkpoint.

#include "fuzz/target.h"
#include "models/internvl/config.h"

namespace winnow::fuzz {

Target target() {
  internvl::Config config;
  config.vision = {.layers = 2,
                   .hidden_size = 16,
                   .intermediate_size = 24,
                   .heads = 2,
                   .channels = 3,
                   .tile_size = 16,
                   .patch_size = 4,
                   .norm_epsilon = 1e-6,
                   .attention_bias = true};
  config.text = {.vocabulary = 40,
                 .hidden_size = 24,
                 .intermediate_size = 32,
                 .layers = 2,
                 .heads = 4,
                 .key_value_heads = 2,
                 .norm_epsilon = 1e-6,
                 .rope_theta = 1e6,
                 .rope_factor = 2.0,
                 .maximum_positions = 64};
  config.merge_size = 2;
  return {"config.json", {internvl::config_text(config)}, [](const std::filesystem::path& path) {
            internvl::read_config(path);
          }};
}

}  // namespace winnow::fuzz
