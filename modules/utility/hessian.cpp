#include "utility/hessian.h"

namespace winnow {

void each_hessian_product(const torch::Tensor& loss, const Tensors& parameters,
                          const std::vector<Tensors>& vectors,
                          const std::function<void(std::size_t, const Tensors&)>& visit) {
  const Tensors slope = gradient_of(loss, parameters, true, true);
  Tensors bending;  // a parameter that the slope does not depend on has no curvature
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < slope.size(); ++i) {
    if (!slope[i].requires_grad()) continue;
    bending.push_back(slope[i]);
    places.push_back(i);
  }
  for (std::size_t v = 0; v < vectors.size(); ++v) {
    Tensors product;
    if (bending.empty()) {
      product.resize(parameters.size());
    } else {
      Tensors along;
      for (const std::size_t place : places) along.push_back(vectors[v][place]);
      product = torch::autograd::grad(bending, parameters, along, true, false, true);
    }
    for (std::size_t i = 0; i < product.size(); ++i) {
      if (!product[i].defined()) product[i] = torch::zeros_like(parameters[i].detach());
    }
    visit(v, product);
  }
}

}  // namespace winnow
