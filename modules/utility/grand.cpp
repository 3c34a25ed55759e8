// GraNd (Paul et al., 2021): length of the sample's gradient.

#include <cmath>

#include "utility/step.h"

namespace winnow {
namespace {

struct GrandOptions {
  SteppedParameters parameters = SteppedParameters::all;
  std::int64_t layers = 1;
  std::string pattern;
};
BOOST_DESCRIBE_STRUCT(GrandOptions, (), (parameters, layers, pattern))
config::Help help(const GrandOptions&) {
  return {{"parameters", "which of the trainable parameters count"},
          {"layers", "last_layers: how many, counted from the top", config::at_least(1)},
          {"pattern", "matching: regular expression that is searched for in their names"}};
}

class Grand : public UtilityEstimator, public UtilityScorer {
 public:
  explicit Grand(const GrandOptions& options) {
    step_.parameters = options.parameters;
    step_.layers = options.layers;
    step_.pattern = options.pattern;
  }

  bool uses_anchors() const override { return false; }
  PassCount passes() const override { return {3.0, 0.0}; }
  std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel& model, const std::vector<AnchorSet>&,
                                         std::uint64_t) const override {
    stepped_parameters(model, step_);  // options that choose nothing fail here
    return std::make_unique<Grand>(*this);
  }

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::AutoGradMode with_gradients(true);
    const Tensors parameters = stepped_parameters(model, step_);
    torch::Tensor result =
        torch::empty({static_cast<std::int64_t>(batch.size()), 1}, torch::kDouble);
    for (std::size_t b = 0; b < batch.size(); ++b) {
      const Tensors gradient =
          gradient_of(sample_losses(model, {batch[b]}, TokenReduction::mean)[0], parameters);
      result[static_cast<std::int64_t>(b)][0] = std::sqrt(dot(gradient, gradient));
    }
    return result;
  }

 private:
  StepOptions step_;
};

const bool registered =
    utilities().add<Grand, GrandOptions>("grand", "length of the gradient of the sample's loss");

}  // namespace
}  // namespace winnow
