// First-order utility by backward passes. All inner products of a batch come from two of them: with
// weights w, s(w) = <grad sum_i w_i l_i, direction> is linear in w, and its derivative with respect
// to w_i is the product of sample i's gradient. The cosine needs every gradient's length and so one
// backward pass per sample.

#include <cmath>

#include "models/attention.h"
#include "utility/step.h"

namespace winnow {
namespace {

struct GradientDotOptions : StepOptions {
  bool cosine = false;
  bool per_sample = false;
};
BOOST_DESCRIBE_STRUCT(GradientDotOptions, (StepOptions), (cosine, per_sample))
config::Help help(const GradientDotOptions&) {
  config::Help all = help(StepOptions{});
  all.push_back(
      {"cosine", "cosine of the angle between the sample's step and the anchors' gradient"});
  all.push_back({"per_sample", "a backward pass for each sample instead of two for a batch"});
  return all;
}

class GradientDotScorer : public UtilityScorer {
 public:
  GradientDotScorer(VisionLanguageModel& model, const std::vector<AnchorSet>& anchors,
                    const GradientDotOptions& options)
      : options_(options), directions_(first_order_directions(model, anchors, options)) {
    if (!options.cosine) return;
    const Tensors parameters = stepped_parameters(model, options);
    for (std::size_t set = 0; set < anchors.size(); ++set) {
      const Anchors known(model, anchors[set], options);
      preconditioners_.push_back(known.preconditioner(model, parameters));
      const Tensors gradient = known.gradient(model, parameters);
      lengths_.push_back(std::sqrt(dot(gradient, gradient)));
    }
  }

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::AutoGradMode with_gradients(true);
    const Tensors parameters = stepped_parameters(model, options_);
    return options_.cosine || options_.per_sample ? one_by_one(model, batch, parameters)
                                                  : together(model, batch, parameters);
  }

 private:
  torch::Tensor together(VisionLanguageModel& model, const std::vector<UtilityInput>& batch,
                         const Tensors& parameters) const {
    const PlainAttention twice_differentiable;
    const torch::Tensor losses = sample_losses(model, batch, options_.sample_loss);
    const torch::Tensor weights = torch::ones_like(losses.detach()).requires_grad_(true);
    const Tensors gradients =
        torch::autograd::grad({losses}, parameters, {weights}, true, true, /*allow_unused=*/true);
    Tensors columns;
    for (std::size_t set = 0; set < directions_.size(); ++set) {
      torch::Tensor sum;
      for (std::size_t i = 0; i < gradients.size(); ++i) {
        if (!gradients[i].defined()) continue;
        const torch::Tensor product = (gradients[i] * directions_[set][i]).sum();
        sum = sum.defined() ? sum + product : product;
      }
      const bool more = set + 1 < directions_.size();
      columns.push_back(sum.defined() ? gradient_of(sum, {weights}, more)[0].to(torch::kDouble)
                                      : torch::zeros_like(losses.detach(), torch::kDouble));
    }
    return torch::stack(columns, 1);
  }

  torch::Tensor one_by_one(VisionLanguageModel& model, const std::vector<UtilityInput>& batch,
                           const Tensors& parameters) const {
    torch::Tensor result = torch::empty(
        {static_cast<std::int64_t>(batch.size()), static_cast<std::int64_t>(directions_.size())},
        torch::kDouble);
    auto cells = result.accessor<double, 2>();
    for (std::size_t b = 0; b < batch.size(); ++b) {
      const Tensors gradient =
          gradient_of(sample_losses(model, {batch[b]}, options_.sample_loss)[0], parameters);
      for (std::size_t set = 0; set < directions_.size(); ++set) {
        double value = dot(gradient, directions_[set]);
        if (options_.cosine) {
          const Tensors step = preconditioned(preconditioners_[set], gradient, options_.eta);
          value /= std::sqrt(dot(step, step)) * lengths_[set];
        }
        cells[static_cast<std::int64_t>(b)][static_cast<std::int64_t>(set)] = value;
      }
    }
    return result;
  }

  GradientDotOptions options_;
  std::vector<Tensors> directions_;
  std::vector<Tensors> preconditioners_;  // for the cosine
  std::vector<double> lengths_;           // of the anchors' gradients, for the cosine
};

class GradientDot : public UtilityEstimator {
 public:
  explicit GradientDot(GradientDotOptions options) : options_(std::move(options)) {}

  bool uses_anchors() const override { return true; }
  PassCount passes() const override {
    // The second backward pass goes through both the forward and the first backward one.
    return {options_.cosine || options_.per_sample ? 3.0 : 7.0, 0.0};
  }
  std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel& model,
                                         const std::vector<AnchorSet>& anchors,
                                         std::uint64_t) const override {
    return std::make_unique<GradientDotScorer>(model, anchors, options_);
  }

 private:
  GradientDotOptions options_;
};

const bool registered = utilities().add<GradientDot, GradientDotOptions>(
    "gradient_dot", "first-order one-step utility, or its cosine, by backward passes");

}  // namespace
}  // namespace winnow
