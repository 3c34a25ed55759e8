// First-order utility and the curvature term: with s = P * grad l(z),
//   eta <grad L_V, s> - eta^2 / 2 <s, H_V s>,
// H_V s by a second backward pass through the gradient of the anchors' loss, whose graph is made
// once for a batch of samples. What is left out falls with eta^3.

#include "models/attention.h"
#include "utility/hessian.h"

namespace winnow {
namespace {

class SecondOrderScorer : public UtilityScorer {
 public:
  SecondOrderScorer(VisionLanguageModel& model, const std::vector<AnchorSet>& anchors,
                    const StepOptions& options)
      : options_(options), directions_(first_order_directions(model, anchors, options)) {
    const Tensors parameters = stepped_parameters(model, options);
    for (const AnchorSet& set : anchors) {
      anchors_.emplace_back(model, set, options);
      preconditioners_.push_back(anchors_.back().preconditioner(model, parameters));
    }
  }

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::AutoGradMode with_gradients(true);
    const PlainAttention twice_differentiable;
    const Tensors parameters = stepped_parameters(model, options_);
    std::vector<Tensors> gradients;
    for (const UtilityInput& sample : batch) {
      gradients.push_back(
          gradient_of(sample_losses(model, {sample}, options_.sample_loss)[0], parameters));
    }
    torch::Tensor result = torch::zeros(
        {static_cast<std::int64_t>(batch.size()), static_cast<std::int64_t>(anchors_.size())},
        torch::kDouble);
    auto cells = result.accessor<double, 2>();
    for (std::size_t set = 0; set < anchors_.size(); ++set) {
      std::vector<Tensors> steps;
      for (std::size_t b = 0; b < batch.size(); ++b) {
        steps.push_back(preconditioned(preconditioners_[set], gradients[b], options_.eta));
        cells[static_cast<std::int64_t>(b)][static_cast<std::int64_t>(set)] =
            dot(gradients[b], directions_[set]);
      }
      anchors_[set].each_batch(model, [&](const torch::Tensor& share) {
        each_hessian_product(share, parameters, steps, [&](std::size_t b, const Tensors& product) {
          cells[static_cast<std::int64_t>(b)][static_cast<std::int64_t>(set)] -=
              0.5 * dot(product, steps[b]);
        });
      });
    }
    return result;
  }

 private:
  StepOptions options_;
  std::vector<Tensors> directions_;
  std::vector<Anchors> anchors_;
  std::vector<Tensors> preconditioners_;
};

class SecondOrder : public UtilityEstimator {
 public:
  explicit SecondOrder(StepOptions options) : options_(std::move(options)) {}

  bool uses_anchors() const override { return true; }
  PassCount passes() const override { return {3.0, 4.0}; }
  std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel& model,
                                         const std::vector<AnchorSet>& anchors,
                                         std::uint64_t) const override {
    return std::make_unique<SecondOrderScorer>(model, anchors, options_);
  }

 private:
  StepOptions options_;
};

const bool registered = utilities().add<SecondOrder, StepOptions>(
    "second_order", "first-order one-step utility with the curvature of the anchors' loss");

}  // namespace
}  // namespace winnow
