#pragma once
// One prefill, any number of continuations: what all families share of it. A family computes the
// states of its prompts and says how new tokens go on from them.
//
// Shapes: B prompts, T prompt tokens with padding on the right, S new tokens, D width, V
// vocabulary.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow {

// The part of an input before its last answer: up to the header of the assistant's turn.
ModelInput prompt_of(const ModelInput& input);

// Additive mask of what may not be seen; finite, so that a row of it alone is no NaN.
inline constexpr double kMasked = -1e9;

struct PromptStates {
  torch::Tensor allowed;  // [B, 1, 1, T] additive: 0 at tokens, kMasked at padding
  torch::Tensor last;     // [B, D] the last layer's state of the last token
  torch::Tensor mean;     // [B, D] and its mean over all tokens
};

// hidden: [B, T, D] of prompts of these lengths.
PromptStates prompt_states(const torch::Tensor& hidden, const std::vector<std::int64_t>& lengths);

// New tokens on top of a batch of prompts. Used once: it remembers all it was given.
class Continuation {
 public:
  virtual ~Continuation() = default;
  // tokens, places: [B, S] int64 on the CPU; a place is counted from the end of the prompt. mask:
  // additive [B, 1, S, T + S'] over the prompt and all new tokens so far, these included. Returns
  // the states [B, S, D].
  virtual torch::Tensor extend(const torch::Tensor& tokens, const torch::Tensor& places,
                               const torch::Tensor& mask) = 0;
  // Logits: [..., D] -> [..., V].
  virtual torch::Tensor head(const torch::Tensor& states) const = 0;
};

// What every family keeps of a prefill; each adds its own.
struct PromptPrefix : Prefix {
  PromptStates states;
};

// The half of the interface that starts from a prefix, on the family's own Continuation; what
// prefill() returns is a PromptPrefix. All continuations of a prompt lie one after another in one
// sequence, told apart by the mask. Answers are drawn among the tokens that the tokenizer has.
class ContinuedModel : public VisionLanguageModel {
 public:
  std::vector<std::vector<std::pair<double, std::int64_t>>> score_continuations(
      const Prefix& prefix, const std::vector<std::vector<std::string>>& continuations) override;
  std::vector<std::vector<std::string>> sample_answers(const Prefix& prefix, std::int64_t count,
                                                       std::int64_t maximum_tokens,
                                                       double temperature,
                                                       std::vector<RandomStream>& streams) override;
  bool stream_answer(const Prefix& prefix, const TokenSampling& sampling,
                     std::int64_t maximum_tokens, RandomStream& stream,
                     const std::function<void(std::string_view)>& piece) override;
  torch::Tensor prompt_features(const Prefix& prefix) override;

 private:
  // A new one on a prefix of this model, which must outlive it.
  virtual std::unique_ptr<Continuation> continue_from(const Prefix& prefix) const = 0;
};

}  // namespace winnow
