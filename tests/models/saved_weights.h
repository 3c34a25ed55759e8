#pragma once
// A family's weights in a checkpoint folder.

#include <cstdint>
#include <filesystem>

#include "models/parameter_table.h"

namespace winnow::testing_support {

// In files of at most so many bytes, under their published names.
template <class Config, class Weights>
void save_weights(const Config& config, Weights weights, const std::filesystem::path& folder,
                  std::uint64_t maximum_bytes = 5'000'000'000) {
  save_parameters(tensor_table(config, weights), folder, maximum_bytes);
}

}  // namespace winnow::testing_support
