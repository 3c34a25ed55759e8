#pragma once
// Forward-mode derivatives, as far as models have to know of them.

#include <torch/csrc/autograd/forward_grad.h>

namespace winnow {

// Whether some thread is taking one: what has no forward derivative (fused kernels, functions with
// a backward pass of their own) keeps out of the way then.
inline bool forward_derivative_is_taken() {
  return torch::autograd::ForwardADLevel::try_get_by_idx(0) != nullptr;
}

}  // namespace winnow
