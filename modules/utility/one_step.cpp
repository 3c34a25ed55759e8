// The definition itself: take the step on one sample, evaluate the anchors, put everything back.
// The reference for all cheaper forms.

#include <cmath>

#include "core/random.h"
#include "utility/step.h"

namespace winnow {
namespace {

struct OneStepOptions : StepOptions {
  std::int64_t anchors_per_sample = 0;
};
BOOST_DESCRIBE_STRUCT(OneStepOptions, (StepOptions), (anchors_per_sample))
config::Help help(const OneStepOptions&) {
  config::Help all = help(StepOptions{});
  all.push_back({"anchors_per_sample",
                 "anchors drawn for each sample, the same before and after its step; 0: all",
                 config::at_least(0)});
  return all;
}

class OneStepScorer : public UtilityScorer {
 public:
  OneStepScorer(VisionLanguageModel& model, const std::vector<AnchorSet>& anchors,
                const OneStepOptions& options, std::uint64_t seed)
      : options_(options), seed_(seed) {
    if (anchors.empty()) throw ConfigError("one_step needs an anchor set and there is none");
    const Tensors parameters = stepped_parameters(model, options);
    for (const AnchorSet& set : anchors) {
      anchors_.emplace_back(model, set, options);
      preconditioners_.push_back(anchors_.back().preconditioner(model, parameters));
    }
  }

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const Tensors parameters = stepped_parameters(model, options_);
    RestoredParameters kept(parameters);
    const auto columns = static_cast<std::int64_t>(anchors_.size());
    torch::Tensor result =
        torch::full({static_cast<std::int64_t>(batch.size()), columns}, NAN, torch::kDouble);
    for (std::size_t b = 0; b < batch.size(); ++b) {
      Tensors gradient;
      {
        const torch::AutoGradMode with_gradients(true);
        const torch::Tensor loss = sample_losses(model, {batch[b]}, options_.sample_loss)[0];
        if (!std::isfinite(loss.item<double>())) continue;
        gradient = gradient_of(loss, parameters);
      }
      for (std::size_t set = 0; set < anchors_.size(); ++set) {
        kept.move(preconditioned(preconditioners_[set], gradient, 1.0), -options_.eta);
        result[static_cast<std::int64_t>(b)][static_cast<std::int64_t>(set)] =
            fall(model, anchors_[set], *batch[b].sample);
        kept.restore();
      }
    }
    return result;
  }

 private:
  // How much lower the anchors' loss is than it was before.
  double fall(VisionLanguageModel& model, const Anchors& anchors, const Sample& sample) const {
    const auto wanted = static_cast<std::size_t>(options_.anchors_per_sample);
    if (wanted == 0 || wanted >= anchors.size()) {
      return anchors.mean_loss() - anchors.mean_loss_now(model);
    }
    RandomStream stream(seed_, "utility/anchors/" + sample.id);
    const std::vector<std::size_t> drawn = stream.sample_indices(anchors.size(), wanted);
    const std::vector<double> now = anchors.losses_now(model, drawn);
    double sum = 0.0;
    for (std::size_t i = 0; i < drawn.size(); ++i) sum += anchors.losses()[drawn[i]] - now[i];
    return sum / static_cast<double>(wanted);
  }

  OneStepOptions options_;
  std::uint64_t seed_;
  std::vector<Anchors> anchors_;
  std::vector<Tensors> preconditioners_;
};

class OneStep : public UtilityEstimator {
 public:
  explicit OneStep(OneStepOptions options) : options_(std::move(options)) {}

  bool uses_anchors() const override { return true; }
  // With all anchors; fewer cost less.
  PassCount passes() const override { return {3.0, 1.0}; }
  std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel& model,
                                         const std::vector<AnchorSet>& anchors,
                                         std::uint64_t seed) const override {
    return std::make_unique<OneStepScorer>(model, anchors, options_, seed);
  }

 private:
  OneStepOptions options_;
};

const bool registered = utilities().add<OneStep, OneStepOptions>(
    "one_step", "fall of the anchors' loss after one simulated step on the sample: the definition");

}  // namespace
}  // namespace winnow
