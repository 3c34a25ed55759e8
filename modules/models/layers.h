#pragma once
// Layers that the model families have in common.
//
// Shapes: B batch, S new tokens, T all tokens (cached ones first).

#include <vector>

#include "models/torch.h"

namespace winnow {

// A change of low rank to a linear layer's weight, alpha / r * b a: LoRA (Hu et al. 2022, section
// 4.1). Undefined tensors: none.
struct Adapter {
  torch::Tensor a;  // [r, in]
  torch::Tensor b;  // [out, r]
  double alpha = 0.0;
  bool defined() const { return a.defined(); }
  double scale() const { return alpha / static_cast<double>(a.size(0)); }
};

struct Affine {
  torch::Tensor weight, bias;  // no bias: undefined
  Adapter adapter = {};
};

// x: [..., in], weight: [out, in]. Returns [..., out], the adapter's share included.
torch::Tensor apply(const Affine& affine, const torch::Tensor& x);

// Over the last dimension, with its weight alone. In float32 whatever the dtype, as the reference
// implementations do it.
torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon);

// down(silu(gate(x)) * up(x)).
torch::Tensor gated_mlp(const torch::Tensor& x, const Affine& gate, const Affine& up,
                        const Affine& down);

// One layer's keys and values so far; undefined when there are none.
struct LayerCache {
  torch::Tensor keys, values;  // [B, key-value heads, T, head size]
  // Appends new ones along T.
  void append(const torch::Tensor& new_keys, const torch::Tensor& new_values);
};

// Causal mask over a padded batch: additive [B, 1, S, S], of `dtype`. attention_mask: [B, S] int64,
// 1 at tokens and 0 at padding, which may stand on either side. Padding sees itself.
torch::Tensor causal_mask(const torch::Tensor& attention_mask, torch::ScalarType dtype);

}  // namespace winnow
