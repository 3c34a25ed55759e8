#pragma once
// Forward-mode differentiation of whatever a model computes, with respect to its parameters along
// one direction.

#include <cstdint>

#include "models/attention.h"
#include "models/torch.h"
#include "utility/step.h"

namespace winnow {

// While it lives, what the model computes on this thread carries a derivative along `direction`.
// LibTorch has one level of forward differentiation for the whole process: threads share it, and
// it ends with the last of them, so that parameters may carry a tangent for longer than this object
// lives. Whoever moves parameters or wants plain numbers meanwhile switches forward mode off
// (c10::AutoFwGradMode), as UtilityPass does.
class Tangents {
 public:
  // Shapes as `parameters`.
  Tangents(const Tensors& parameters, const Tensors& direction);
  ~Tangents();
  Tangents(const Tangents&) = delete;
  Tangents& operator=(const Tangents&) = delete;

  // The derivative of `value`, zeros where it does not depend on the parameters.
  torch::Tensor derivative(const torch::Tensor& value) const;

 private:
  c10::AutoFwGradMode on_{true};
  PlainAttention plain_;
  std::uint64_t level_;
};

}  // namespace winnow
