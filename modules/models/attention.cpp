#include "models/attention.h"

#include <torch/version.h>

#include <cmath>
#include <utility>

namespace winnow {
namespace {

thread_local bool plain = false;

// [B, G, T, D] -> [B, H, T, D], each head shown to its H / G query heads.
torch::Tensor shared_heads(const torch::Tensor& x, std::int64_t heads) {
  const std::int64_t groups = x.size(1);
  if (groups == heads) return x;
  return x.unsqueeze(2)
      .expand({x.size(0), groups, heads / groups, x.size(2), x.size(3)})
      .reshape({x.size(0), heads, x.size(2), x.size(3)});
}

}  // namespace

torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        const torch::Tensor& mask) {
  const torch::Tensor keys = shared_heads(k, q.size(1)), values = shared_heads(v, q.size(1));
#if TORCH_VERSION_MAJOR >= 2
  if (!plain) {
    if (!mask.defined()) return at::scaled_dot_product_attention(q, keys, values);
    return at::scaled_dot_product_attention(q, keys, values, mask);
  }
#endif
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
  const torch::Tensor scores = torch::matmul(q * scale, keys.transpose(-2, -1));  // [B, H, S, T]
  return torch::matmul(torch::softmax(mask.defined() ? scores + mask : scores, -1), values);
}

PlainAttention::PlainAttention() : before_(std::exchange(plain, true)) {}
PlainAttention::~PlainAttention() { plain = before_; }

}  // namespace winnow
