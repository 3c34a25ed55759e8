// RHO-loss (Mindermann et al., 2022): the sample's loss minus what a model that has learnt from
// held-out data makes of it. High where there is something to learn that the held-out data know,
// low where a sample is merely noisy. The holdout model is the proxy, trained on for some steps on
// the anchors alone.

#include <cmath>

#include "core/errors.h"
#include "core/random.h"
#include "utility/step.h"

namespace winnow {
namespace {

struct RhoLossOptions {
  std::int64_t epochs = 4;
  std::int64_t batch_size = 16;
  double learning_rate = 5e-4;
};
BOOST_DESCRIBE_STRUCT(RhoLossOptions, (), (epochs, batch_size, learning_rate))
config::Help help(const RhoLossOptions&) {
  return {{"epochs", "passes of the holdout model over the anchors", config::at_least(1)},
          {"batch_size", "anchors of a training step", config::at_least(1)},
          {"learning_rate", "of that training (Adam)", config::above(0)}};
}

// Values of all stepped parameters after training on the anchors; the model is left as it was.
Tensors trained_on(VisionLanguageModel& model, const AnchorSet& set, const RhoLossOptions& options,
                   std::uint64_t seed) {
  constexpr double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  const Tensors parameters = stepped_parameters(model, StepOptions{});
  const RestoredParameters kept(parameters);
  Tensors first, second;
  for (const torch::Tensor& parameter : parameters) {
    first.push_back(torch::zeros_like(parameter.detach()));
    second.push_back(torch::zeros_like(parameter.detach()));
  }
  std::vector<std::size_t> order(set.inputs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto size = static_cast<std::size_t>(options.batch_size);
  std::int64_t steps = 0;
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    RandomStream(seed, "utility/rho_loss/" + std::to_string(epoch)).shuffle(order);
    for (std::size_t start = 0; start < order.size(); start += size) {
      std::vector<ModelInput> batch;
      for (std::size_t i = start; i < std::min(order.size(), start + size); ++i) {
        batch.push_back(set.inputs[order[i]]);
      }
      Tensors gradient;
      {
        const torch::AutoGradMode with_gradients(true);
        const torch::Tensor loss = model.answer_loss(batch).mean().mean();
        if (!std::isfinite(loss.item<double>())) {
          throw DataError("rho_loss: the holdout model's loss on the anchor set '" + set.name +
                          "' is no finite number; lower its learning_rate");
        }
        gradient = gradient_of(loss, parameters);
      }
      const torch::NoGradGuard no_gradients;
      ++steps;
      const double bias1 = 1.0 - std::pow(beta1, steps), bias2 = 1.0 - std::pow(beta2, steps);
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        first[i].mul_(beta1).add_(gradient[i], 1.0 - beta1);
        second[i].mul_(beta2).addcmul_(gradient[i], gradient[i], 1.0 - beta2);
        torch::Tensor parameter = parameters[i];
        parameter.addcdiv_(first[i], (second[i] / bias2).sqrt_().add_(epsilon),
                           -options.learning_rate / bias1);
      }
    }
  }
  Tensors values;
  for (const torch::Tensor& parameter : parameters) values.push_back(parameter.detach().clone());
  return values;
}

class RhoLossScorer : public UtilityScorer {
 public:
  explicit RhoLossScorer(std::vector<Tensors> holdouts) : holdouts_(std::move(holdouts)) {}

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::NoGradGuard no_gradients;
    const auto losses = [&] {
      return sample_losses(model, batch, TokenReduction::mean).to(torch::kDouble);
    };
    const torch::Tensor here = losses();
    Tensors parameters = stepped_parameters(model, StepOptions{});
    const RestoredParameters kept(parameters);
    Tensors columns;
    for (const Tensors& holdout : holdouts_) {
      for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].copy_(holdout[i]);
      columns.push_back(here - losses());
    }
    return torch::stack(columns, 1);
  }

 private:
  std::vector<Tensors> holdouts_;
};

class RhoLoss : public UtilityEstimator {
 public:
  explicit RhoLoss(RhoLossOptions options) : options_(options) {}

  bool uses_anchors() const override { return true; }
  PassCount passes() const override { return {2.0, 0.0}; }
  std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel& model,
                                         const std::vector<AnchorSet>& anchors,
                                         std::uint64_t seed) const override {
    if (anchors.empty()) throw ConfigError("rho_loss needs an anchor set and there is none");
    std::vector<Tensors> holdouts;
    for (const AnchorSet& set : anchors) {
      const Anchors checked(model, set, StepOptions{});
      holdouts.push_back(trained_on(model, set, options_, seed));
    }
    return std::make_unique<RhoLossScorer>(std::move(holdouts));
  }

 private:
  RhoLossOptions options_;
};

const bool registered = utilities().add<RhoLoss, RhoLossOptions>(
    "rho_loss", "loss of the proxy minus that of the proxy trained on the anchors");

}  // namespace
}  // namespace winnow
