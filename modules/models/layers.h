#pragma once
// Layers that the model families have in common.
//
// Shapes: B batch, S new tokens, T all tokens (cached ones first).

#include <torch/torch.h>

#include <vector>

namespace winnow {

struct Affine {
  torch::Tensor weight, bias;  // no bias: undefined
};

// x: [..., in], weight: [out, in]. Returns [..., out].
torch::Tensor apply(const Affine& affine, const torch::Tensor& x);

// Over the last dimension, with its weight alone. In float32 whatever the dtype, as the reference
// implementations do it.
torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon);

// down(silu(gate(x)) * up(x)).
torch::Tensor gated_mlp(const torch::Tensor& x, const torch::Tensor& gate, const torch::Tensor& up,
                        const torch::Tensor& down);

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
