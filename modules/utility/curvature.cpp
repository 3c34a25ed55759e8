// One-step utility to second order for the price of one gradient a sample: with s = P * grad l(z),
//   eta <grad L_V, s> - eta^2 / 2 (sum_k lambda_k <u_k, s>^2 + kappa |s'|^2),
// (lambda_k, u_k) being the eigenpairs of the anchors' Hessian of the largest size, found once by
// Lanczos' method, s' what is left of s beside the u_k and kappa the Hessian's mean curvature
// there, measured along the anchors' own steps. second_order has <s, H_V s> itself, by passes over
// all anchors for every sample.

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "models/attention.h"
#include "utility/hessian.h"

namespace winnow {
namespace {

struct CurvatureOptions : StepOptions {
  std::int64_t directions = 8;
  std::int64_t iterations = 24;
  std::int64_t calibration = 16;
  bool equal_length = false;
};
BOOST_DESCRIBE_STRUCT(CurvatureOptions, (StepOptions),
                      (directions, iterations, calibration, equal_length))
config::Help help(const CurvatureOptions&) {
  config::Help all = help(StepOptions{});
  all.push_back({"directions",
                 "eigenvectors of the anchors' Hessian that are kept, each as large as the "
                 "parameters; 0: mean curvature alone",
                 config::at_least(0)});
  all.push_back({"iterations", "of Lanczos' method: products of the Hessian with a vector",
                 config::at_least(1)});
  all.push_back({"calibration",
                 "anchors along whose own steps the mean curvature beside the eigenvectors is "
                 "measured; 0: there is none beside them",
                 config::at_least(0)});
  all.push_back({"equal_length",
                 "whether every sample's step is as long as the anchors' steps are in the mean, so "
                 "that a long gradient is no advantage"});
  return all;
}

torch::Tensor flat(const Tensors& tensors) {
  const torch::NoGradGuard no_gradients;
  Tensors parts;
  for (const torch::Tensor& tensor : tensors) parts.push_back(tensor.detach().reshape({-1}));
  return torch::cat(parts);  // [P]
}

Tensors shaped(const torch::Tensor& flat, const Tensors& parameters) {
  Tensors result;
  std::int64_t begin = 0;
  for (const torch::Tensor& parameter : parameters) {
    result.push_back(flat.slice(0, begin, begin + parameter.numel()).view(parameter.sizes()));
    begin += parameter.numel();
  }
  return result;
}

// What is known of the anchors' loss around the model's parameters.
class Bowl {
 public:
  Bowl(VisionLanguageModel& model, const AnchorSet& set, const CurvatureOptions& options,
       std::uint64_t seed)
      : options_(options), parameters_(stepped_parameters(model, options)), set_(&set) {
    const Anchors anchors(model, set, options);
    diagonal_ = anchors.preconditioner(model, parameters_);
    slope_ = flat(anchors.gradient(model, parameters_));
    find_directions(model, anchors, seed);
    calibrate(model, anchors, seed);
  }

  // The utility of a sample with this gradient.
  double utility(const Tensors& gradient) const {
    torch::Tensor step = step_of(gradient);
    if (options_.equal_length) {
      const double length = step.norm().item<double>();
      if (length > 0.0) step = step * (length_ / length);
    }
    return torch::dot(slope_, step).item<double>() - 0.5 * curvature(step);
  }

 private:
  // eta * P * gradient, [P].
  torch::Tensor step_of(const Tensors& gradient) const {
    return flat(preconditioned(diagonal_, gradient, options_.eta));
  }

  // <step, H step>, as far as the directions and the mean beside them tell.
  double curvature(const torch::Tensor& step) const {
    const Split split = split_of(step);
    return split.bent + rest_ * split.beside;
  }
  struct Split {
    double bent = 0.0;    // along the directions
    double beside = 0.0;  // squared length of what is left
  };
  Split split_of(const torch::Tensor& step) const {
    const double squared = torch::dot(step, step).item<double>();
    if (!directions_.defined()) return {0.0, squared};
    const torch::Tensor along = directions_.mv(step).to(torch::kCPU, torch::kDouble);  // [K]
    const torch::Tensor squares = along * along;
    return {(values_ * squares).sum().item<double>(),
            std::max(0.0, squared - squares.sum().item<double>())};
  }

  torch::Tensor hessian_times(VisionLanguageModel& model, const Anchors& anchors,
                              const torch::Tensor& vector) const {
    const torch::AutoGradMode with_gradients(true);
    const PlainAttention twice_differentiable;
    torch::Tensor product = torch::zeros_like(vector);
    const std::vector<Tensors> vectors = {shaped(vector, parameters_)};
    anchors.each_batch(model, [&](const torch::Tensor& share) {
      each_hessian_product(share, parameters_, vectors,
                           [&](std::size_t, const Tensors& part) { product += flat(part); });
    });
    return product;
  }

  // Lanczos with full reorthogonalisation: Q H Q' is tridiagonal, and its outer eigenpairs are
  // those of H.
  void find_directions(VisionLanguageModel& model, const Anchors& anchors, std::uint64_t seed) {
    const std::int64_t wanted = std::min(options_.directions, slope_.numel());
    if (wanted == 0) return;
    const std::int64_t steps =
        std::min(std::max(options_.iterations, options_.directions), slope_.numel());
    RandomStream stream(seed, "utility/curvature/" + set_->name);
    torch::Tensor next = torch::empty({slope_.numel()}, torch::kDouble);
    for (std::int64_t i = 0; i < next.numel(); ++i) next.data_ptr<double>()[i] = stream.normal();
    next = next.to(slope_.options());
    Tensors basis;                         // [P] each
    std::vector<double> diagonal, beside;  // of the tridiagonal matrix
    while (static_cast<std::int64_t>(basis.size()) < steps) {
      const double length = next.norm().item<double>();
      // The vectors so far span all that the Hessian makes of the first.
      if (!(length > 1e-10 * (diagonal.empty() ? 1.0 : std::abs(diagonal.front())))) break;
      if (!basis.empty()) beside.push_back(length);
      basis.push_back(next / length);
      next = hessian_times(model, anchors, basis.back());
      diagonal.push_back(torch::dot(next, basis.back()).item<double>());
      for (int twice = 0; twice < 2; ++twice) {
        for (const torch::Tensor& earlier : basis)
          next = next - earlier * torch::dot(earlier, next);
      }
    }
    const auto size = static_cast<std::int64_t>(basis.size());
    torch::Tensor matrix = torch::zeros({size, size}, torch::kDouble);
    for (std::int64_t i = 0; i < size; ++i) {
      matrix[i][i] = diagonal[static_cast<std::size_t>(i)];
      if (i > 0) matrix[i][i - 1] = matrix[i - 1][i] = beside[static_cast<std::size_t>(i - 1)];
    }
    const auto [values, vectors] = torch::linalg_eigh(matrix);  // [m], [m, m] by column
    const torch::Tensor order =
        values.abs().argsort(0, /*descending=*/true).slice(0, 0, std::min(wanted, size));
    values_ = values.index_select(0, order);
    directions_ = vectors.index_select(1, order)
                      .t()
                      .to(slope_.device(), slope_.scalar_type())
                      .matmul(torch::stack(basis));  // [K, P]
  }

  void calibrate(VisionLanguageModel& model, const Anchors& anchors, std::uint64_t seed) {
    RandomStream stream(seed, "utility/calibration/" + set_->name);
    const auto wanted = std::min(static_cast<std::size_t>(options_.calibration), anchors.size());
    double unexplained = 0.0, beside = 0.0, lengths = 0.0;
    for (const std::size_t i : stream.sample_indices(anchors.size(), wanted)) {
      const torch::AutoGradMode with_gradients(true);
      const UtilityInput anchor{nullptr, set_->inputs[i]};
      const torch::Tensor step = step_of(
          gradient_of(sample_losses(model, {anchor}, options_.sample_loss)[0], parameters_));
      const Split split = split_of(step);
      unexplained +=
          torch::dot(hessian_times(model, anchors, step), step).item<double>() - split.bent;
      beside += split.beside;
      lengths += step.norm().item<double>();
    }
    if (beside > 0.0) rest_ = unexplained / beside;
    length_ = wanted > 0 ? lengths / static_cast<double>(wanted) : options_.eta;
  }

  CurvatureOptions options_;
  Tensors parameters_;
  const AnchorSet* set_;
  Tensors diagonal_;          // P; empty: 1
  torch::Tensor slope_;       // grad L_V, [P]
  torch::Tensor values_;      // lambda, [K] double, on the CPU
  torch::Tensor directions_;  // u, [K, P]
  double rest_ = 0.0;         // kappa
  double length_ = 0.0;       // of the anchors' steps, their mean
};

class CurvatureScorer : public UtilityScorer {
 public:
  CurvatureScorer(const CurvatureOptions& options, std::vector<Bowl> bowls)
      : options_(options), bowls_(std::move(bowls)) {}

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::AutoGradMode with_gradients(true);
    const Tensors parameters = stepped_parameters(model, options_);
    torch::Tensor result = torch::empty(
        {static_cast<std::int64_t>(batch.size()), static_cast<std::int64_t>(bowls_.size())},
        torch::kDouble);
    auto cells = result.accessor<double, 2>();
    for (std::size_t b = 0; b < batch.size(); ++b) {
      const Tensors gradient =
          gradient_of(sample_losses(model, {batch[b]}, options_.sample_loss)[0], parameters);
      for (std::size_t set = 0; set < bowls_.size(); ++set) {
        cells[static_cast<std::int64_t>(b)][static_cast<std::int64_t>(set)] =
            bowls_[set].utility(gradient);
      }
    }
    return result;
  }

 private:
  CurvatureOptions options_;
  std::vector<Bowl> bowls_;  // by anchor set
};

class Curvature : public UtilityEstimator {
 public:
  explicit Curvature(CurvatureOptions options) : options_(std::move(options)) {}

  bool uses_anchors() const override { return true; }
  PassCount passes() const override { return {3.0, 0.0}; }
  std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel& model,
                                         const std::vector<AnchorSet>& anchors,
                                         std::uint64_t seed) const override {
    if (anchors.empty()) throw ConfigError("this utility needs an anchor set and there is none");
    std::vector<Bowl> bowls;
    for (const AnchorSet& set : anchors) bowls.emplace_back(model, set, options_, seed);
    return std::make_unique<CurvatureScorer>(options_, std::move(bowls));
  }

 private:
  CurvatureOptions options_;
};

const bool registered = utilities().add<Curvature, CurvatureOptions>(
    "curvature",
    "first-order one-step utility less the curvature in the anchors' leading directions");

}  // namespace
}  // namespace winnow
