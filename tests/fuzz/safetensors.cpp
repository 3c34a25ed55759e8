// The header of a safetensors file: its length, its JSON, offsets, shapes and types.

#include "models/safetensors.h"

#include "core/files.h"
#include "fuzz/target.h"

namespace winnow::fuzz {

Target target() {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / "winnow-fuzz-seed.safetensors";
  write_safetensors(file, {{"a", torch::ones({2, 3})},
                           {"b", torch::ones({4}, torch::kBFloat16)},
                           {"c", torch::ones({0, 2})}});
  const std::string seed = read_file(file);
  std::filesystem::remove(file);
  return {"model.safetensors", {seed}, [](const std::filesystem::path& path) {
            for (const auto& [name, tensor] : read_safetensors(path)) tensor.sum();
          }};
}

}  // namespace winnow::fuzz
