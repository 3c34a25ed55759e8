// The shared-prefix half of the micro model: one prefill, any number of continuations.

#include <algorithm>

#include "models/continuations.h"
#include "models/micro/micro_model.h"

namespace winnow::micro {
namespace {

struct MicroPrefix : Prefix {
  std::vector<LayerCache> layers;  // per layer [B, H, T, D / H]
  PromptStates states;
  torch::Tensor next;  // [B, 1] int64: text position of the next token
};

const MicroPrefix& micro(const Prefix& prefix) { return dynamic_cast<const MicroPrefix&>(prefix); }

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

std::vector<std::vector<std::pair<double, std::int64_t>>> MicroModel::score_continuations(
    const Prefix& prefix, const std::vector<std::vector<std::string>>& continuations) {
  const torch::NoGradGuard no_grad;
  MicroContinuation continuation(*network_, micro(prefix), options_.maximum_text);
  return winnow::score_continuations(micro(prefix).states, continuation, *tokenizer_,
                                     continuations);
}

std::vector<std::vector<std::string>> MicroModel::sample_answers(
    const Prefix& prefix, std::int64_t count, std::int64_t maximum_tokens, double temperature,
    std::vector<RandomStream>& streams) {
  const torch::NoGradGuard no_grad;
  MicroContinuation continuation(*network_, micro(prefix), options_.maximum_text);
  return winnow::sample_answers(micro(prefix).states, continuation, *tokenizer_, count,
                                maximum_tokens, temperature, streams);
}

bool MicroModel::stream_answer(const Prefix& prefix, const TokenSampling& sampling,
                               std::int64_t maximum_tokens, RandomStream& stream,
                               const std::function<void(std::string_view)>& piece) {
  const torch::NoGradGuard no_grad;
  MicroContinuation continuation(*network_, micro(prefix), options_.maximum_text);
  return winnow::stream_answer(micro(prefix).states, continuation, *tokenizer_, sampling,
                               maximum_tokens, stream, piece);
}

torch::Tensor MicroModel::prompt_features(const Prefix& prefix) {
  return micro(prefix).states.mean;
}

}  // namespace winnow::micro
