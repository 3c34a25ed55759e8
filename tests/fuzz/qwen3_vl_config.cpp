// The config.json of a Qwen3-VL checkpoint.

#include "fuzz/target.h"
#include "models/qwen3_vl/config.h"

namespace winnow::fuzz {

Target target() {
  qwen3_vl::Config config;
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
  config.text = {.vocabulary = 40,
                 .hidden_size = 24,
                 .intermediate_size = 32,
                 .layers = 2,
                 .heads = 4,
                 .key_value_heads = 2,
                 .head_size = 12,
                 .norm_epsilon = 1e-6,
                 .rope_theta = 5e6,
                 .rope_sections = {2, 2, 2}};
  return {"config.json", {qwen3_vl::config_text(config)}, [](const std::filesystem::path& path) {
            qwen3_vl::read_config(path);
          }};
}

}  // namespace winnow::fuzz
