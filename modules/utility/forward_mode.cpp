// First-order utility as a directional derivative of the samples' losses: one forward-mode pass for
// a whole batch, no gradient of any sample.

#include "utility/tangents.h"

namespace winnow {
namespace {

class ForwardModeScorer : public UtilityScorer {
 public:
  ForwardModeScorer(const StepOptions& options, std::vector<Tensors> directions)
      : options_(options), directions_(std::move(directions)) {}

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::NoGradGuard no_gradients;
    const Tensors parameters = stepped_parameters(model, options_);
    Tensors columns;
    for (const Tensors& direction : directions_) {
      const Tangents along(parameters, direction);
      const torch::Tensor losses = sample_losses(model, batch, options_.sample_loss);
      columns.push_back(along.derivative(losses).to(torch::kDouble));
    }
    return torch::stack(columns, 1);
  }

 private:
  StepOptions options_;
  std::vector<Tensors> directions_;
};

class ForwardMode : public UtilityEstimator {
 public:
  explicit ForwardMode(StepOptions options) : options_(std::move(options)) {}

  bool uses_anchors() const override { return true; }
  PassCount passes() const override { return {3.0, 0.0}; }
  std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel& model,
                                         const std::vector<AnchorSet>& anchors,
                                         std::uint64_t) const override {
    return std::make_unique<ForwardModeScorer>(options_,
                                               first_order_directions(model, anchors, options_));
  }

 private:
  StepOptions options_;
};

const bool registered = utilities().add<ForwardMode, StepOptions>(
    "forward_mode", "first-order one-step utility by one forward-mode pass per batch");

}  // namespace
}  // namespace winnow
