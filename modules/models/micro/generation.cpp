// The shared-prefix half of the micro model: one prefill, any number of continuations.

#include <algorithm>

#include "models/micro/micro_model.h"

namespace winnow::micro {
namespace {

struct MicroPrefix : PromptPrefix {
  std::vector<LayerCache> layers;  // per layer [B, H, T, D / H]
  torch::Tensor next;              // [B, 1] int64: text position of the next token
};

class MicroContinuation : public Continuation {
 public:
  MicroContinuation(const Network& network, const MicroPrefix& prefix, std::int64_t maximum_text)
      : network_(network), prefix_(prefix), last_position_(maximum_text - 1) {}

  torch::Tensor extend(const torch::Tensor& tokens, const torch::Tensor& places,
                       const torch::Tensor& mask) override {
    const torch::Tensor positions = (prefix_.next + places).clamp_max(last_position_);
    return network_.extend(network_.embed(tokens, positions, torch::empty({0}, torch::kInt64), {}),
                           prefix_.layers, grown_, mask);
  }
  torch::Tensor head(const torch::Tensor& states) const override { return network_.head(states); }

 private:
  const Network& network_;
  const MicroPrefix& prefix_;
  std::int64_t last_position_;
  std::vector<LayerCache> grown_;
};

}  // namespace

std::unique_ptr<Prefix> MicroModel::prefill(const std::vector<ModelInput>& inputs) {
  const torch::NoGradGuard no_grad;
  std::vector<ModelInput> prompts;
  std::vector<std::int64_t> lengths, next;
  for (const ModelInput& input : inputs) {
    prompts.push_back(prompt_of(input));
    const ModelInput& prompt = prompts.back();
    lengths.push_back(prompt.length());
    next.push_back(
        std::count_if(prompt.tokens.begin(), prompt.tokens.end(),
                      [&](std::int64_t token) { return !tokenizer_->is_visual_slot(token); }));
  }
  auto prefix = std::make_unique<MicroPrefix>();
  prefix->states = prompt_states(hidden_states(prompts, &prefix->layers), lengths);
  prefix->next = torch::tensor(next, torch::kInt64).unsqueeze(1);
  return prefix;
}

std::unique_ptr<Continuation> MicroModel::continue_from(const Prefix& prefix) const {
  return std::make_unique<MicroContinuation>(*network_, dynamic_cast<const MicroPrefix&>(prefix),
                                             options_.maximum_text);
}

}  // namespace winnow::micro
