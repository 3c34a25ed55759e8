// The config.json of an InternVL3 checkpoint.

#include "fuzz/target.h"
#include "models/internvl/tiny_config.h"

namespace winnow::fuzz {

Target target() {
  internvl::Config config = internvl::tiny_config(false);
  config.text.rope_factor = 2.0;
  return {"config.json", {internvl::config_text(config)}, [](const std::filesystem::path& path) {
            internvl::read_config(path);
          }};
}

}  // namespace winnow::fuzz
