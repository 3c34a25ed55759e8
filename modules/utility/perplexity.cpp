// Exponential of the mean loss: ranks as the loss does, on the scale that papers print.

#include "utility/plain.h"

namespace winnow {
namespace {

class PerplexityScorer : public UtilityScorer {
 public:
  static constexpr double kPasses = 1.0;

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::NoGradGuard no_gradients;
    return sample_losses(model, batch, TokenReduction::mean).to(torch::kDouble).exp().unsqueeze(1);
  }
};

const bool registered = utilities().add<PlainEstimator<PerplexityScorer>, NoOptions>(
    "perplexity", "exponential of the mean loss of the answer's tokens");

}  // namespace
}  // namespace winnow
