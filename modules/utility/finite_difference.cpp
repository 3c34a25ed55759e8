// First-order utility from plain forward passes at two shifted models: for kernels that have no
// forward mode.

#include <cmath>

#include "core/errors.h"
#include "utility/step.h"

namespace winnow {
namespace {

struct FiniteDifferenceOptions : StepOptions {
  double relative_shift = 1e-3;
  bool central = true;
};
BOOST_DESCRIBE_STRUCT(FiniteDifferenceOptions, (StepOptions), (relative_shift, central))
config::Help help(const FiniteDifferenceOptions&) {
  config::Help all = help(StepOptions{});
  all.push_back({"relative_shift", "how far the parameters are shifted, as a share of their norm",
                 config::above(0)});
  all.push_back({"central", "difference of a shift forth and back; false: forth alone"});
  return all;
}

class FiniteDifferenceScorer : public UtilityScorer {
 public:
  FiniteDifferenceScorer(VisionLanguageModel& model, const FiniteDifferenceOptions& options,
                         std::vector<Tensors> directions)
      : options_(options), directions_(std::move(directions)) {
    const Tensors parameters = stepped_parameters(model, options_);
    const double norm = std::sqrt(dot(parameters, parameters));
    for (const Tensors& direction : directions_) {
      const double length = std::sqrt(dot(direction, direction));
      if (!(length > 0.0) || !(norm > 0.0)) {
        throw DataError(
            "finite_difference: the anchors' gradient or the parameters are zero; there is no "
            "direction to shift along");
      }
      shifts_.push_back(options_.relative_shift * norm / length);
    }
  }

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::NoGradGuard no_gradients;
    RestoredParameters kept(stepped_parameters(model, options_));
    const auto losses = [&] {
      return sample_losses(model, batch, options_.sample_loss).to(torch::kDouble);
    };
    const torch::Tensor here = options_.central ? torch::Tensor() : losses();
    Tensors columns;
    for (std::size_t set = 0; set < directions_.size(); ++set) {
      const double shift = shifts_[set];
      kept.move(directions_[set], shift);
      const torch::Tensor forth = losses();
      if (options_.central) {
        kept.move(directions_[set], -shift);
        columns.push_back((forth - losses()) / (2.0 * shift));
      } else {
        columns.push_back((forth - here) / shift);
      }
    }
    return torch::stack(columns, 1);
  }

 private:
  FiniteDifferenceOptions options_;
  std::vector<Tensors> directions_;
  std::vector<double> shifts_;  // by anchor set, in lengths of its direction
};

class FiniteDifference : public UtilityEstimator {
 public:
  explicit FiniteDifference(FiniteDifferenceOptions options) : options_(std::move(options)) {}

  bool uses_anchors() const override { return true; }
  PassCount passes() const override { return {2.0, 0.0}; }
  std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel& model,
                                         const std::vector<AnchorSet>& anchors,
                                         std::uint64_t) const override {
    return std::make_unique<FiniteDifferenceScorer>(
        model, options_, first_order_directions(model, anchors, options_));
  }

 private:
  FiniteDifferenceOptions options_;
};

const bool registered = utilities().add<FiniteDifference, FiniteDifferenceOptions>(
    "finite_difference", "first-order one-step utility from forward passes of shifted models");

}  // namespace
}  // namespace winnow
