#include "models/token_sampling.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/errors.h"

namespace winnow {

void check_numbers(const torch::Tensor& logits) {
  if (logits.is_meta() || torch::isfinite(logits.amax(-1)).all().item<bool>()) return;
  throw DataError(
      "the model's logits are no numbers: its weights or features hold NaN, or are too large");
}

std::int64_t sample_token(const torch::Tensor& logits, const TokenSampling& sampling,
                          RandomStream& stream) {
  assert(logits.dim() == 1 && sampling.temperature >= 0.0);
  assert(sampling.top_p > 0.0 && sampling.top_p <= 1.0);
  check_numbers(logits);
  const double draw = stream.uniform();
  const torch::Tensor values = logits.detach().cpu().to(torch::kFloat64).contiguous();
  const double* begin = values.data_ptr<double>();
  const double* end = begin + values.numel();
  const double* likeliest = std::max_element(begin, end);
  if (sampling.temperature == 0.0) return likeliest - begin;

  std::vector<double> weights;
  weights.reserve(static_cast<std::size_t>(values.numel()));
  for (const double* value = begin; value != end; ++value) {
    weights.push_back(std::exp((*value - *likeliest) / sampling.temperature));
  }
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  double mass = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (sampling.top_p < 1.0) {
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; });
    const double wanted = sampling.top_p * mass;
    double reached = 0.0;
    std::size_t kept = 0;
    while (kept < order.size() && (kept == 0 || reached < wanted)) {
      reached += weights[order[kept++]];
    }
    order.resize(kept);
    mass = reached;
  }
  double rest = draw * mass;
  for (const std::size_t token : order) {
    rest -= weights[token];
    if (rest < 0.0) return static_cast<std::int64_t>(token);
  }
  return likeliest - begin;  // rounding used up the mass
}

}  // namespace winnow
