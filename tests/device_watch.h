#pragma once
// Whether a computation stays on its device, on a machine that has only one: what runs on PyTorch's
// "meta" device, where tensors have shapes and no values, is watched for operations that mix it
// with the CPU. On a GPU each of them would be an error. Whatever is read from the device is 1.

#include <ATen/record_function.h>
#include <torch/library.h>
#include <torch/version.h>

#include <array>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "models/torch.h"

namespace winnow::testing_support {

// Shapes of what LibTorch's C++ side cannot run on the meta device, and reading from it.
namespace meta {

using Three = std::tuple<torch::Tensor, torch::Tensor, torch::Tensor>;

inline Three layer_norm(const torch::Tensor& x, c10::SymIntArrayRef shape,
                        const c10::optional<torch::Tensor>&, const c10::optional<torch::Tensor>&,
                        double) {
  std::vector<std::int64_t> rows = x.sizes().vec();
  for (std::size_t i = rows.size() - shape.size(); i < rows.size(); ++i) rows[i] = 1;
  return {torch::empty_like(x), torch::empty(rows, x.options()), torch::empty(rows, x.options())};
}

inline Three layer_norm_backward(const torch::Tensor&, const torch::Tensor& x, c10::SymIntArrayRef,
                                 const torch::Tensor&, const torch::Tensor&,
                                 const c10::optional<torch::Tensor>& weight,
                                 const c10::optional<torch::Tensor>& bias, std::array<bool, 3>) {
  const auto like = [](const c10::optional<torch::Tensor>& tensor) {
    return tensor && tensor->defined() ? torch::empty_like(*tensor) : torch::Tensor();
  };
  return {torch::empty_like(x), like(weight), like(bias)};
}

inline torch::Tensor index_select(const torch::Tensor& x, std::int64_t dimension,
                                  const torch::Tensor& index) {
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape[static_cast<std::size_t>(dimension)] = index.numel();
  return torch::empty(shape, x.options());
}

inline torch::Tensor where(const torch::Tensor& condition, const torch::Tensor& yes,
                           const torch::Tensor& no) {
  return torch::empty(torch::broadcast_tensors({condition, yes, no})[0].sizes(), yes.options());
}

inline torch::Tensor embedding_backward(const torch::Tensor& gradient, const torch::Tensor&,
                                        std::int64_t rows, std::int64_t, bool) {
  return torch::empty({rows, gradient.size(-1)}, gradient.options());
}

inline torch::Tensor dot(const torch::Tensor& x, const torch::Tensor&) {
  return torch::empty({}, x.options());
}

inline torch::Tensor zeros(at::IntArrayRef shape, c10::optional<at::ScalarType> type,
                           c10::optional<at::Layout>, c10::optional<at::Device>,
                           c10::optional<bool>) {
  return torch::empty(shape, torch::TensorOptions(torch::kMeta).dtype(type));
}

inline torch::Scalar read(const torch::Tensor& x) {
  return c10::isFloatingType(x.scalar_type()) ? torch::Scalar(1.0) : torch::Scalar(1);
}

inline torch::Tensor& copy(torch::Tensor& target, const torch::Tensor&, bool) {
  return target.is_meta() ? target : target.fill_(1);
}

// Once, before the first use.
inline void register_kernels() {
  static const auto library = [] {
    torch::Library kernels(torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__,
                           __LINE__);
    kernels.impl("_local_scalar_dense", &read);
    kernels.impl("copy_", &copy);
    kernels.impl("native_layer_norm", &layer_norm);
    kernels.impl("native_layer_norm_backward", &layer_norm_backward);
#if TORCH_VERSION_MAJOR < 2
    kernels.impl("index_select", &index_select);
    kernels.impl("where.self", &where);
    kernels.impl("dot", &dot);
    kernels.impl("_efficientzerotensor", &zeros);
    kernels.impl("embedding_dense_backward", &embedding_backward);
#endif
    return kernels;
  }();
}

}  // namespace meta

// Watches the operations of this thread while it lives; one at a time.
class DeviceWatch {
 public:
  DeviceWatch() {
    meta::register_kernels();
    mixed_.clear();
    seen_ = 0;
    handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(&DeviceWatch::look)
                                             .needsInputs(true)
                                             .scopes({at::RecordScope::FUNCTION}));
  }
  ~DeviceWatch() { at::removeCallback(handle_); }
  DeviceWatch(const DeviceWatch&) = delete;
  DeviceWatch& operator=(const DeviceWatch&) = delete;

  // Names of operations on tensors of both devices; moving from one to the other is none.
  const std::set<std::string>& mixed() const { return mixed_; }
  // Operations on the meta device so far.
  int seen() const { return seen_; }

 private:
  static std::unique_ptr<at::ObserverContext> look(const at::RecordFunction& operation) {
    static const std::set<std::string> moves = {"aten::to", "aten::_to_copy", "aten::copy_"};
    bool on_meta = false, on_cpu = false;
    const auto take = [&](const torch::Tensor& tensor) {
      if (!tensor.defined()) return;
      on_meta = on_meta || tensor.is_meta();
      on_cpu = on_cpu || (tensor.is_cpu() && tensor.dim() > 0);  // scalars may come from anywhere
    };
    for (const c10::IValue& input : operation.inputs()) {
      if (input.isTensor()) take(input.toTensor());
      if (!input.isList()) continue;
      for (const c10::IValue& element : input.toListRef()) {
        if (element.isTensor()) take(element.toTensor());
      }
    }
    seen_ += on_meta ? 1 : 0;
    if (on_meta && on_cpu && moves.count(operation.name()) == 0) mixed_.insert(operation.name());
    return nullptr;
  }

  static inline thread_local std::set<std::string> mixed_;
  static inline thread_local int seen_ = 0;
  at::CallbackHandle handle_;
};

}  // namespace winnow::testing_support
