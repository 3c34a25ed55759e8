// EL2N (Paul et al., 2021): length of the error vector, the predicted distribution minus the true
// token's, averaged over the answer's tokens.

#include "utility/plain.h"

namespace winnow {
namespace {

class El2nScorer : public UtilityScorer {
 public:
  static constexpr double kPasses = 1.0;

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::NoGradGuard no_gradients;
    std::vector<ModelInput> inputs;
    for (const UtilityInput& sample : batch) inputs.push_back(sample.input);
    const torch::Tensor logits = model.logits(inputs);  // [B, T, V]
    torch::Tensor result =
        torch::empty({static_cast<std::int64_t>(batch.size()), 1}, torch::kDouble);
    for (std::size_t b = 0; b < batch.size(); ++b) {
      std::vector<std::int64_t> places, tokens;  // the logits before a trained token predict it
      const std::vector<std::int64_t>& labels = inputs[b].labels;
      for (std::size_t t = 1; t < labels.size(); ++t) {
        if (labels[t] == -100) continue;
        places.push_back(static_cast<std::int64_t>(t) - 1);
        tokens.push_back(labels[t]);
      }
      const auto row = static_cast<std::int64_t>(b);
      const auto index = [&](const std::vector<std::int64_t>& values) {
        return torch::tensor(values, torch::kInt64).to(logits.device());
      };
      torch::Tensor error =
          torch::softmax(logits[row].index_select(0, index(places)).to(torch::kDouble), 1);
      error.scatter_add_(1, index(tokens).unsqueeze(1),
                         torch::full({error.size(0), 1}, -1.0, error.options()));
      result[row][0] = error.norm(2, 1).mean();
    }
    return result;
  }
};

const bool registered = utilities().add<PlainEstimator<El2nScorer>, NoOptions>(
    "el2n", "mean length of the error of the predicted token distributions");

}  // namespace
}  // namespace winnow
