// The text model of a CheckpointModel at work: a batch of inputs, one prefill and what goes on from
// it.

#include "models/answer_loss.h"
#include "models/checkpoint_model.h"
#include "models/recompute.h"

namespace winnow {
namespace {

struct PrefixState : PromptPrefix {
  std::vector<LayerCache> cache;  // per layer
  torch::Tensor next;             // [B] int64: position of the first new token
};

using Rotation = std::function<RotaryTables(const torch::Tensor& positions)>;

class TextContinuation : public Continuation {
 public:
  TextContinuation(const TextShape& shape, const TextWeights& weights, const PrefixState& prefix,
                   Rotation rotation)
      : shape_(shape),
        weights_(weights),
        rotation_(std::move(rotation)),
        next_(prefix.next),
        cache_(prefix.cache) {}

  torch::Tensor extend(const torch::Tensor& tokens, const torch::Tensor& places,
                       const torch::Tensor& mask) override {
    const torch::Tensor positions = next_.unsqueeze(1) + places.to(next_.device());  // [B, S]
    const torch::Tensor embeddings =
        torch::embedding(weights_.token, tokens.to(next_.device()));  // [B, S, E]
    return decode_text(shape_, weights_, embeddings, rotation_(positions), mask, {}, &cache_);
  }
  torch::Tensor head(const torch::Tensor& states) const override {
    return torch::linear(states, weights_.output());
  }

 private:
  const TextShape& shape_;
  const TextWeights& weights_;
  Rotation rotation_;
  torch::Tensor next_;             // [B]
  std::vector<LayerCache> cache_;  // the prompt's, then grown
};

}  // namespace

torch::Tensor CheckpointModel::states(const TextBatch& batch,
                                      std::vector<LayerCache>* cache) const {
  const torch::ScalarType dtype = batch.embeddings.scalar_type();
  return decode_text(text_shape(), text_weights(), batch.embeddings,
                     rotation(batch.positions, dtype),
                     causal_mask(batch.padded.attention_mask, dtype), batch.deepstack, cache);
}

torch::Tensor CheckpointModel::logits(const std::vector<ModelInput>& inputs) {
  const RecomputeBlocks by_rule(options().gradient_checkpointing);
  return torch::linear(states(pack(inputs)), text_weights().output());
}

AnswerLoss CheckpointModel::answer_loss(const std::vector<ModelInput>& inputs) {
  const RecomputeBlocks by_rule(options().gradient_checkpointing);
  const TextBatch batch = pack(inputs);
  return winnow::answer_loss(states(batch), text_weights().output(), batch.padded.labels);
}

std::unique_ptr<Prefix> CheckpointModel::prefill(const std::vector<ModelInput>& inputs) {
  const torch::NoGradGuard no_grad;
  std::vector<ModelInput> prompts;
  for (const ModelInput& input : inputs) prompts.push_back(prompt_of(input));
  const TextBatch batch = pack(prompts);
  auto prefix = std::make_unique<PrefixState>();
  prefix->cache.resize(text_weights().layers.size());
  prefix->next = batch.next;
  prefix->states = prompt_states(states(batch, &prefix->cache), batch.padded.lengths);
  return prefix;
}

std::unique_ptr<Continuation> CheckpointModel::continue_from(const Prefix& prefix) const {
  const torch::ScalarType dtype = text_weights().token.scalar_type();
  return std::make_unique<TextContinuation>(
      text_shape(), text_weights(), dynamic_cast<const PrefixState&>(prefix),
      [this, dtype](const torch::Tensor& positions) { return rotation(positions, dtype); });
}

}  // namespace winnow
