#include "models/internvl/positions.h"

#include <cmath>
#include <vector>

namespace winnow::internvl {
namespace {

// Frequencies [head size / 2] of all sequences or, with scaling, [B, 1, head size / 2] of each: a
// sequence's own length counts, not its batch's.
torch::Tensor frequencies(const TextConfig& config, const torch::Tensor& positions) {
  if (config.rope_factor == 1.0) return rotary_frequencies(config.rope_theta, config.head_size);
  const torch::Tensor last = positions.amax(1).cpu();  // [B]
  std::vector<torch::Tensor> rows;
  for (std::int64_t b = 0; b < last.size(0); ++b) {
    const std::int64_t length = last[b].item<std::int64_t>() + 1;
    rows.push_back(rotary_frequencies(rope_theta(config, length), config.head_size));
  }
  return torch::stack(rows).unsqueeze(1);
}

}  // namespace

double rope_theta(const TextConfig& config, std::int64_t length) {
  if (config.rope_factor == 1.0 || length <= config.maximum_positions) return config.rope_theta;
  const double stretch = config.rope_factor * static_cast<double>(length) /
                             static_cast<double>(config.maximum_positions) -
                         (config.rope_factor - 1.0);
  const auto size = static_cast<double>(config.head_size);
  return config.rope_theta * std::pow(stretch, size / (size - 2.0));
}

RotaryTables rotation(const TextConfig& config, const torch::Tensor& positions,
                      torch::ScalarType dtype) {
  const torch::Tensor angles = positions.to(torch::kFloat32).unsqueeze(2) *
                               frequencies(config, positions).to(positions.device());
  return rotary_tables(angles, dtype);
}

}  // namespace winnow::internvl
