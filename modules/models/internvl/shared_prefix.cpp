// One prefill of InternVL3 and what goes on from it.

#include "models/internvl/batch.h"
#include "models/internvl/model.h"
#include "models/recompute.h"

namespace winnow::internvl {
namespace {

struct PrefixState : PromptPrefix {
  std::vector<LayerCache> cache;  // per layer
  torch::Tensor next;             // [B] int64: position of the first new token
};

class TextContinuation : public Continuation {
 public:
  TextContinuation(const Config& config, const Weights& weights, const PrefixState& prefix)
      : config_(config), weights_(weights), next_(prefix.next), cache_(prefix.cache) {}

  torch::Tensor extend(const torch::Tensor& tokens, const torch::Tensor& places,
                       const torch::Tensor& mask) override {
    const torch::Tensor positions = next_.unsqueeze(1) + places.to(next_.device());  // [B, S]
    const torch::Tensor embeddings =
        torch::embedding(weights_.text.token, tokens.to(next_.device()));  // [B, S, E]
    return decode(config_.text, weights_.text, embeddings, positions, mask, &cache_);
  }
  torch::Tensor head(const torch::Tensor& states) const override {
    return torch::linear(states, weights_.text.output());
  }

 private:
  const Config& config_;
  const Weights& weights_;
  torch::Tensor next_;             // [B]
  std::vector<LayerCache> cache_;  // the prompt's, then grown
};

}  // namespace

torch::Tensor Model::logits(const std::vector<ModelInput>& inputs) {
  const RecomputeBlocks by_rule(options_.gradient_checkpointing);
  return internvl::logits(config_, weights_, pack(config_, inputs, device()).batch);
}

AnswerLoss Model::answer_loss(const std::vector<ModelInput>& inputs) {
  const RecomputeBlocks by_rule(options_.gradient_checkpointing);
  const PackedInputs packed = pack(config_, inputs, device());
  return internvl::answer_loss(config_, weights_, packed.batch, packed.labels);
}

std::unique_ptr<Prefix> Model::prefill(const std::vector<ModelInput>& inputs) {
  const torch::NoGradGuard no_grad;
  std::vector<ModelInput> prompts;
  for (const ModelInput& input : inputs) prompts.push_back(prompt_of(input));
  const PackedInputs packed = pack(config_, prompts, device());
  auto prefix = std::make_unique<PrefixState>();
  prefix->cache.resize(weights_.text.layers.size());
  prefix->next = packed.batch.attention_mask.sum(1);
  prefix->states =
      prompt_states(hidden_states(config_, weights_, packed.batch, &prefix->cache), packed.lengths);
  return prefix;
}

std::unique_ptr<Continuation> Model::continue_from(const Prefix& prefix) const {
  return std::make_unique<TextContinuation>(config_, weights_,
                                            dynamic_cast<const PrefixState&>(prefix));
}

}  // namespace winnow::internvl
