// Instruction-following difficulty (Li et al., 2023): the loss of the answer given the media and
// the question, over its loss with neither. Near 1 and above the question does not help.

#include "utility/plain.h"

namespace winnow {
namespace {

// The last answer after an empty question.
Sample answer_alone(const Sample& sample) {
  Sample result;
  result.id = sample.id;
  result.source = sample.source;
  result.turns = {{Turn::Role::user, ""}, {Turn::Role::assistant, sample.answer()}};
  return result;
}

// Both losses are of the last answer: earlier ones are part of the question.
ModelInput only_last_answer(ModelInput input) {
  std::size_t begin = input.labels.size();
  while (begin > 0 && input.labels[begin - 1] == -100) --begin;
  while (begin > 0 && input.labels[begin - 1] != -100) --begin;
  std::fill(input.labels.begin(), input.labels.begin() + static_cast<std::ptrdiff_t>(begin), -100);
  return input;
}

class IfdScorer : public UtilityScorer {
 public:
  static constexpr double kPasses = 2.0;  // at most: the answer alone is shorter

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::NoGradGuard no_gradients;
    std::vector<ModelInput> whole, alone;
    for (const UtilityInput& sample : batch) {
      whole.push_back(only_last_answer(sample.input));
      alone.push_back(model.input(answer_alone(*sample.sample), {}));
    }
    const torch::Tensor given = model.answer_loss(whole).mean().to(torch::kDouble);
    return (given / model.answer_loss(alone).mean().to(torch::kDouble)).unsqueeze(1);
  }
};

const bool registered = utilities().add<PlainEstimator<IfdScorer>, NoOptions>(
    "instruction_following_difficulty", "loss of the answer over its loss without the question");

}  // namespace
}  // namespace winnow
