#include "models/answer_loss.h"

#include <ATen/core/Reduction.h>

namespace winnow {

AnswerLoss answer_loss(const torch::Tensor& hidden, const torch::Tensor& output,
                       const torch::Tensor& labels) {
  const std::int64_t samples = labels.size(0), length = labels.size(1);
  const auto label = labels.accessor<std::int64_t, 2>();
  std::vector<std::int64_t> rows, targets, owners;
  for (std::int64_t b = 0; b < samples; ++b) {
    for (std::int64_t s = 1; s < length; ++s) {
      if (label[b][s] == -100) continue;
      rows.push_back(b * length + s - 1);  // the state that predicts it
      targets.push_back(label[b][s]);
      owners.push_back(b);
    }
  }
  const auto index = [&](const std::vector<std::int64_t>& values) {
    return torch::tensor(values, torch::kInt64).to(hidden.device());
  };
  const torch::Tensor states = hidden.flatten(0, 1).index_select(0, index(rows));  // [n, E]
  const torch::Tensor losses = torch::cross_entropy_loss(
      torch::linear(states, output).to(torch::kFloat32), index(targets), {}, at::Reduction::None);
  const torch::Tensor none = torch::zeros({samples}, losses.options().requires_grad(false));
  return {none.index_add(0, index(owners), losses),
          none.index_add(0, index(owners), torch::ones_like(losses.detach()))};
}

}  // namespace winnow
