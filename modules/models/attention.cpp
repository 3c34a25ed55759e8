#include "models/attention.h"

#include <torch/version.h>

#include <cmath>

namespace winnow {

torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        const torch::Tensor& mask) {
#if TORCH_VERSION_MAJOR >= 2
  return at::scaled_dot_product_attention(q, k, v, mask);
#else
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
  const torch::Tensor scores = torch::matmul(q * scale, k.transpose(-2, -1));  // [B, H, S, T]
  return torch::matmul(torch::softmax(scores + mask, -1), v);
#endif
}

}  // namespace winnow
