#pragma once
// Products of a loss's Hessian with vectors, by a second backward pass through its gradient.

#include <functional>

#include "utility/step.h"

namespace winnow {

// `visit(i, H v_i)` for every vector, in their order; the gradient's graph is made once for all.
// `loss` has a graph of kernels that can be differentiated twice (PlainAttention). Shapes of
// vectors and products: as `parameters`.
void each_hessian_product(const torch::Tensor& loss, const Tensors& parameters,
                          const std::vector<Tensors>& vectors,
                          const std::function<void(std::size_t, const Tensors&)>& visit);

}  // namespace winnow
