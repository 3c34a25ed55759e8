#pragma once
// Intermediate values of a network, for those who compare them with a reference.

#include <functional>
#include <string>

#include "models/torch.h"

namespace winnow {

// Sees intermediate values by name while they are computed; may be empty.
using Observer = std::function<void(const std::string& stage, const torch::Tensor& value)>;

// The same with a prefix before every name. Refers to `observe`, which must outlive it.
inline Observer with_prefix(const Observer& observe, const std::string& prefix) {
  if (!observe) return {};
  return [&observe, prefix](const std::string& stage, const torch::Tensor& value) {
    observe(prefix + stage, value);
  };
}

}  // namespace winnow
