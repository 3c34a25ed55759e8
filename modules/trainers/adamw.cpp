#include "trainers/adamw.h"

#include <cmath>

namespace winnow {

AdamW::AdamW(std::vector<std::pair<std::string, torch::Tensor>> parameters, AdamWSettings settings)
    : settings_(settings) {
  for (auto& [name, parameter] : parameters) {
    if (!parameter.requires_grad()) continue;
    const bool decays =
        name.find("bias") == std::string::npos && name.find("norm") == std::string::npos;
    slots_.push_back({name, parameter, torch::zeros_like(parameter).requires_grad_(false),
                      torch::zeros_like(parameter).requires_grad_(false), decays});
  }
}

void AdamW::zero_gradients() {
  for (Slot& slot : slots_) slot.parameter.mutable_grad() = torch::Tensor();
}

double AdamW::clip_gradients(double maximum) {
  const torch::NoGradGuard no_grad;
  double squares = 0.0;
  for (const Slot& slot : slots_) {
    const torch::Tensor& gradient = slot.parameter.grad();
    if (gradient.defined()) squares += gradient.mul(gradient).sum().item<double>();
  }
  const double norm = std::sqrt(squares);
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
    const torch::Tensor& gradient = slot.parameter.grad();
    if (!gradient.defined()) continue;
    if (slot.decays) slot.parameter.mul_(1.0 - learning_rate * settings_.weight_decay);
    slot.first.mul_(settings_.beta1).add_(gradient, 1.0 - settings_.beta1);
    slot.second.mul_(settings_.beta2).addcmul_(gradient, gradient, 1.0 - settings_.beta2);
    const torch::Tensor denominator =
        slot.second.sqrt().div_(std::sqrt(correction2)).add_(settings_.epsilon);
    slot.parameter.addcdiv_(slot.first, denominator, -learning_rate / correction1);
  }
}

std::map<std::string, torch::Tensor> AdamW::state() const {
  std::map<std::string, torch::Tensor> result;
  for (const Slot& slot : slots_) {
    result["first." + slot.name] = slot.first;
    result["second." + slot.name] = slot.second;
  }
  result["steps"] = torch::tensor({steps_}, torch::kInt64);
  return result;
}

void AdamW::load_state(const std::map<std::string, torch::Tensor>& state) {
  const torch::NoGradGuard no_grad;
  for (Slot& slot : slots_) {
    slot.first.copy_(state.at("first." + slot.name));
    slot.second.copy_(state.at("second." + slot.name));
  }
  steps_ = state.at("steps").item<std::int64_t>();
}

}  // namespace winnow
