#include "models/rotary.h"

namespace winnow {

torch::Tensor rotary_frequencies(double theta, std::int64_t size) {
  const torch::Tensor exponents =
      torch::arange(0, size, 2).to(torch::kFloat32) / static_cast<double>(size);
  return 1.0 / torch::pow(theta, exponents);
}

RotaryTables rotary_tables(const torch::Tensor& angles, torch::ScalarType dtype) {
  const torch::Tensor both = torch::cat({angles, angles}, -1);
  return {both.cos().to(dtype), both.sin().to(dtype)};
}

torch::Tensor rotate(const torch::Tensor& x, const RotaryTables& tables) {
  const std::vector<torch::Tensor> halves = x.chunk(2, -1);
  return x * tables.cosine + torch::cat({-halves[1], halves[0]}, -1) * tables.sine;
}

}  // namespace winnow
