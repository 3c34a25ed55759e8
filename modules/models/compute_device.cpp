#include "models/compute_device.h"

#include <fmt/format.h>
#include <torch/cuda.h>

#include <charconv>
#include <string_view>

namespace winnow {
namespace {

constexpr std::string_view kNumbered = "cuda:";

// The number of the GPU that the text names; -1 when it names none.
std::int64_t gpu_number(std::string_view text) {
  if (text == "cuda") return 0;
  if (!text.starts_with(kNumbered)) return -1;
  text.remove_prefix(kNumbered.size());
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

std::string available(std::int64_t gpus) {
  if (!at::hasCUDA()) return "only \"cpu\" is available: this LibTorch was built without CUDA";
  if (gpus == 0) return "only \"cpu\" is available: LibTorch finds no GPU";
  return gpus == 1 ? "\"cpu\" and \"cuda:0\" are available"
                   : fmt::format("\"cpu\" and \"cuda:0\" to \"cuda:{}\" are available", gpus - 1);
}

}  // namespace

namespace config::detail {

template <>
void read<ComputeDevice>(const Value& value, const std::string& path, const OptionalRange&,
                         ComputeDevice& output) {
  const std::string& text = read_text(value, path);
  output.device = torch::kCPU;
  if (text == "cpu") return;
  const std::int64_t number = gpu_number(text);
  if (number < 0) fail_value(value, path, "expected \"cpu\", \"cuda\" or \"cuda:1\"");
  const auto gpus = static_cast<std::int64_t>(torch::cuda::device_count());
  if (number >= gpus) fail_value(value, path, "there is no such device; " + available(gpus));
  output.device = torch::Device(torch::kCUDA, static_cast<torch::DeviceIndex>(number));
}

template <>
Value write<ComputeDevice>(const ComputeDevice& input, const Origin& origin) {
  return Value(input.device.str(), origin);
}

template <>
std::string type_text<ComputeDevice>() {
  return "text";
}

}  // namespace config::detail
}  // namespace winnow
