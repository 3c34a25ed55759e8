#include "utility/tangents.h"

#include <torch/csrc/autograd/forward_grad.h>

#include <mutex>

namespace winnow {
namespace {

using torch::autograd::ForwardADLevel;

std::mutex level_mutex;
std::size_t level_users = 0;
std::uint64_t shared_level = 0;

std::uint64_t enter_level() {
  const std::lock_guard lock(level_mutex);
  if (level_users++ == 0) shared_level = ForwardADLevel::get_next_idx();
  return shared_level;
}

void leave_level() {
  const std::lock_guard lock(level_mutex);
  if (--level_users == 0) ForwardADLevel::release_idx(shared_level);
}

}  // namespace

Tangents::Tangents(const Tensors& parameters, const Tensors& direction) : level_(enter_level()) {
  const torch::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    // A tangent cannot be replaced while its level lives, but it can be overwritten.
    const torch::Tensor& present = parameters[i]._fw_grad(level_);
    if (present.defined()) {
      torch::Tensor tangent = present;
      tangent.copy_(direction[i]);
    } else {
      parameters[i]._set_fw_grad(direction[i].clone(), level_, /*is_inplace_op=*/false);
    }
  }
}

Tangents::~Tangents() { leave_level(); }

torch::Tensor Tangents::derivative(const torch::Tensor& value) const {
  const torch::Tensor& tangent = value._fw_grad(level_);
  return tangent.defined() ? tangent.clone() : torch::zeros_like(value);
}

}  // namespace winnow
