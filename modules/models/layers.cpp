#include "models/layers.h"

#include <limits>

namespace winnow {

torch::Tensor apply(const Affine& affine, const torch::Tensor& x) {
  const torch::Tensor y = torch::linear(x, affine.weight, affine.bias);
  const Adapter& adapter = affine.adapter;
  if (!adapter.defined()) return y;
  return y + torch::linear(torch::linear(x, adapter.a), adapter.b) * adapter.scale();
}

torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon) {
  const torch::Tensor wide = x.to(torch::kFloat32);
  const torch::Tensor scale = torch::rsqrt(wide.square().mean(-1, true) + epsilon);
  return weight * (wide * scale).to(x.scalar_type());
}

torch::Tensor gated_mlp(const torch::Tensor& x, const Affine& gate, const Affine& up,
                        const Affine& down) {
  return apply(down, torch::silu(apply(gate, x)) * apply(up, x));
}

void LayerCache::append(const torch::Tensor& new_keys, const torch::Tensor& new_values) {
  keys = keys.defined() ? torch::cat({keys, new_keys}, 2) : new_keys;
  values = values.defined() ? torch::cat({values, new_values}, 2) : new_values;
}

torch::Tensor causal_mask(const torch::Tensor& attention_mask, torch::ScalarType dtype) {
  const std::int64_t length = attention_mask.size(1);
  const torch::Tensor before =
      torch::ones({length, length},
                  torch::TensorOptions(torch::kBool).device(attention_mask.device()))
          .tril();
  const torch::Tensor self =
      torch::eye(length, torch::TensorOptions(torch::kBool).device(attention_mask.device()));
  const torch::Tensor present = attention_mask.to(torch::kBool);  // [B, S]
  const torch::Tensor allowed =
      (before.unsqueeze(0) & present.unsqueeze(1)) | self.unsqueeze(0);  // [B, S, S]
  const torch::Tensor mask =
      torch::zeros(allowed.sizes(), torch::TensorOptions(dtype).device(attention_mask.device()))
          .masked_fill(~allowed, -std::numeric_limits<float>::infinity());
  return mask.unsqueeze(1);
}

}  // namespace winnow
