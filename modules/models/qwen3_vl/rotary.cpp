#include "models/qwen3_vl/rotary.h"

namespace winnow::qwen3_vl {

torch::Tensor rotary_frequencies(double theta, std::int64_t size) {
  const torch::Tensor exponents =
      torch::arange(0, size, 2).to(torch::kFloat32) / static_cast<double>(size);
  return 1.0 / torch::pow(theta, exponents);
}

RotaryTables rotary_tables(const torch::Tensor& angles, torch::ScalarType dtype) {
  const torch::Tensor both = torch::cat({angles, angles}, -1);
  return {both.cos().to(dtype), both.sin().to(dtype)};
}

torch::Tensor interleaved_angles(const torch::Tensor& positions, const torch::Tensor& frequencies,
                                 const std::vector<std::int64_t>& sections) {
  std::vector<std::int64_t> axis(static_cast<std::size_t>(frequencies.size(0)), 0);
  for (std::int64_t which = 1; which < 3; ++which) {
    const std::int64_t end = 3 * sections[static_cast<std::size_t>(which)];
    for (std::int64_t i = which; i < end; i += 3) axis[static_cast<std::size_t>(i)] = which;
  }
  // [3, B, S] -> [head size / 2, B, S]: each frequency's own row of positions.
  const torch::Tensor chosen =
      positions.index_select(0, torch::tensor(axis).to(positions.device())).to(torch::kFloat32);
  return chosen.permute({1, 2, 0}) * frequencies.to(positions.device());
}

torch::Tensor rotate(const torch::Tensor& x, const RotaryTables& tables) {
  const std::vector<torch::Tensor> halves = x.chunk(2, -1);
  return x * tables.cosine + torch::cat({-halves[1], halves[0]}, -1) * tables.sine;
}

}  // namespace winnow::qwen3_vl
