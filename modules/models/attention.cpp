#include "models/attention.h"

#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "models/recompute.h"

namespace winnow {
namespace {

thread_local bool plain = false;
thread_local double largest_scores = kLargestScores;

// [B, G, T, D] -> [B, H, T, D], each head shown to its H / G query heads.
torch::Tensor shared_heads(const torch::Tensor& x, std::int64_t heads) {
  const std::int64_t groups = x.size(1);
  if (groups == heads) return x;
  return x.unsqueeze(2)
      .expand({x.size(0), groups, heads / groups, x.size(2), x.size(3)})
      .reshape({x.size(0), heads, x.size(2), x.size(3)});
}

// softmax(q k^T / sqrt(D) + mask) v in plain operations, the scores as one tensor [B, H, S, T].
torch::Tensor whole(const torch::Tensor& q, const torch::Tensor& keys, const torch::Tensor& values,
                    const torch::Tensor& mask) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
  const torch::Tensor scores = torch::matmul(q * scale, keys.transpose(-2, -1));
  return torch::matmul(torch::softmax(mask.defined() ? scores + mask : scores, -1), values);
}

// The same, some query rows at a time: no two of them meet. With gradients, a block's scores are
// computed again in the backward pass.
torch::Tensor by_rows(const torch::Tensor& q, const torch::Tensor& keys,
                      const torch::Tensor& values, const torch::Tensor& mask, std::int64_t rows) {
  std::vector<torch::Tensor> parts;
  for (std::int64_t begin = 0; begin < q.size(2); begin += rows) {
    const std::int64_t count = std::min(rows, q.size(2) - begin);
    const bool is_by_row = mask.defined() && mask.size(-2) > 1;
    const torch::Tensor part = is_by_row ? mask.narrow(-2, begin, count) : mask;
    parts.push_back(recomputed(
        [part](const std::vector<torch::Tensor>& inputs) {
          return std::vector<torch::Tensor>{whole(inputs[0], inputs[1], inputs[2], part)};
        },
        {q.narrow(2, begin, count), keys, values})[0]);
  }
  return torch::cat(parts, 2);
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
  const double row_bytes = static_cast<double>(q.size(0) * q.size(1) * keys.size(2)) *
                           static_cast<double>(q.element_size());
  if (row_bytes * static_cast<double>(q.size(2)) <= largest_scores) {
    return whole(q, keys, values, mask);
  }
  return by_rows(q, keys, values, mask,
                 std::max<std::int64_t>(1, std::llround(largest_scores / 8.0 / row_bytes)));
}

AttentionMemory::AttentionMemory(double bytes) : before_(std::exchange(largest_scores, bytes)) {}
AttentionMemory::~AttentionMemory() { largest_scores = before_; }

PlainAttention::PlainAttention() : before_(std::exchange(plain, true)) {}
PlainAttention::~PlainAttention() { plain = before_; }

}  // namespace winnow
