#include "trainers/adamw.h"

#include <cmath>
#include <numeric>

namespace winnow {
namespace {

// In float32; the tensor itself where it is no narrower.
torch::Tensor widened(const torch::Tensor& tensor) {
  return torch::elementSize(tensor.scalar_type()) < sizeof(float) ? tensor.to(torch::kFloat32)
                                                                  : tensor;
}

}  // namespace

AdamW::AdamW(const std::vector<std::pair<std::string, torch::Tensor>>& parameters,
             AdamWSettings settings)
    : settings_(settings) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, parameter] : parameters) {
    if (!parameter.requires_grad()) continue;
    const bool decays =
        name.find("bias") == std::string::npos && name.find("norm") == std::string::npos;
    const torch::Tensor value = widened(parameter);
    const torch::Tensor zeros = torch::zeros_like(value).requires_grad_(false);
    slots_.push_back({name, parameter, value, zeros, zeros.clone(), decays});
  }
}

void AdamW::zero_gradients() {
  for (Slot& slot : slots_) slot.parameter.mutable_grad() = torch::Tensor();
}

double AdamW::clip_gradients(double maximum) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> squares;
  for (const Slot& slot : slots_) {
    if (!slot.parameter.grad().defined()) continue;
    const torch::Tensor gradient = widened(slot.parameter.grad());
    squares.push_back(gradient.mul(gradient).sum());
  }
  if (squares.empty()) return 0.0;
  // One wait for the device, not one for each parameter; added up in order of the parameters.
  const torch::Tensor together = torch::stack(squares).to(torch::kCPU, torch::kFloat64);
  const double* parts = together.data_ptr<double>();
  const double norm = std::sqrt(std::accumulate(parts, parts + together.numel(), 0.0));
  if (norm > maximum) {
    for (const Slot& slot : slots_) {
      if (slot.parameter.grad().defined()) slot.parameter.grad().mul_(maximum / norm);
    }
  }
  return norm;
}

void AdamW::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  const double correction1 = 1.0 - std::pow(settings_.beta1, static_cast<double>(steps_));
  const double correction2 = 1.0 - std::pow(settings_.beta2, static_cast<double>(steps_));
  for (Slot& slot : slots_) {
    if (!slot.parameter.grad().defined()) continue;
    const torch::Tensor gradient = widened(slot.parameter.grad());
    if (slot.decays) slot.value.mul_(1.0 - learning_rate * settings_.weight_decay);
    slot.first.mul_(settings_.beta1).add_(gradient, 1.0 - settings_.beta1);
    slot.second.mul_(settings_.beta2).addcmul_(gradient, gradient, 1.0 - settings_.beta2);
    const torch::Tensor denominator =
        slot.second.sqrt().div_(std::sqrt(correction2)).add_(settings_.epsilon);
    slot.value.addcdiv_(slot.first, denominator, -learning_rate / correction1);
    if (slot.has_master()) slot.parameter.copy_(slot.value);
  }
}

std::map<std::string, torch::Tensor> AdamW::state() const {
  std::map<std::string, torch::Tensor> result;
  for (const Slot& slot : slots_) {
    result["first." + slot.name] = slot.first;
    result["second." + slot.name] = slot.second;
    if (slot.has_master()) result["master." + slot.name] = slot.value;
  }
  result["steps"] = torch::tensor({steps_}, torch::kInt64);
  return result;
}

void AdamW::load_state(const std::map<std::string, torch::Tensor>& state) {
  const torch::NoGradGuard no_grad;
  for (Slot& slot : slots_) {
    slot.first.copy_(state.at("first." + slot.name));
    slot.second.copy_(state.at("second." + slot.name));
    if (!slot.has_master()) continue;
    slot.value.copy_(state.at("master." + slot.name));
    slot.parameter.copy_(slot.value);
  }
  steps_ = state.at("steps").item<std::int64_t>();
}

}  // namespace winnow
