// The config.json of a Qwen3-VL checkpoint.

#include "fuzz/target.h"
#include "models/qwen3_vl/tiny_config.h"

namespace winnow::fuzz {

Target target() {
  return {"config.json",
          {qwen3_vl::config_text(qwen3_vl::tiny_config(false))},
          [](const std::filesystem::path& path) { qwen3_vl::read_config(path); }};
}

}  // namespace winnow::fuzz
