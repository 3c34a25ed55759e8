#pragma once
// Where a model has its weights and computes, as an option.

#include <string>

#include "config/bind.h"
#include "models/torch.h"

namespace winnow {

// In a config: "cpu", "cuda" (the first GPU) or "cuda:1" (the second). One that is not there is a
// ConfigError that says which ones are.
struct ComputeDevice {
  torch::Device device = torch::kCPU;
};

}  // namespace winnow

// A device is written as text.
namespace winnow::config::detail {

template <>
void read<ComputeDevice>(const Value& value, const std::string& path, const OptionalRange& range,
                         ComputeDevice& output);
template <>
Value write<ComputeDevice>(const ComputeDevice& input, const Origin& origin);
template <>
std::string type_text<ComputeDevice>();

}  // namespace winnow::config::detail
