// The sample's own loss: what is hard for the proxy counts as useful.

#include "utility/plain.h"

namespace winnow {
namespace {

class LossScorer : public UtilityScorer {
 public:
  static constexpr double kPasses = 1.0;

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::NoGradGuard no_gradients;
    return sample_losses(model, batch, TokenReduction::mean).to(torch::kDouble).unsqueeze(1);
  }
};

const bool registered = utilities().add<PlainEstimator<LossScorer>, NoOptions>(
    "loss", "mean loss of the answer's tokens, in nats");

}  // namespace
}  // namespace winnow
