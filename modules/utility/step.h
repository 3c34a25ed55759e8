#pragma once
// The simulated step that all forms of one-step utility share: which parameters it moves, how far
// and in which direction, and the anchors' loss that it is meant to lower.
//
//   utility(z) = L_V(theta) - L_V(theta - eta * P * grad l(z))
//
// l is a sample's loss, L_V the mean loss of the anchors V, and P the identity (sgd) or a diagonal
// (adam). To first order utility is eta * <P * grad L_V, grad l(z)>.

#include <cstdint>
#include <string>
#include <vector>

#include "models/torch.h"
#include "utility/estimator.h"

namespace winnow {

enum class StepKind { sgd, adam };
BOOST_DESCRIBE_ENUM(StepKind, sgd, adam)
enum class SteppedParameters { all, last_layers, matching };
BOOST_DESCRIBE_ENUM(SteppedParameters, all, last_layers, matching)
enum class TokenReduction { mean, sum };
BOOST_DESCRIBE_ENUM(TokenReduction, mean, sum)

struct StepOptions {
  double eta = 1e-3;
  StepKind step = StepKind::sgd;
  double damping = 0.1;
  SteppedParameters parameters = SteppedParameters::all;
  std::int64_t layers = 1;
  std::string pattern;
  TokenReduction sample_loss = TokenReduction::mean;
  TokenReduction anchor_loss = TokenReduction::mean;
  std::int64_t anchor_batch = 128;
};
BOOST_DESCRIBE_STRUCT(StepOptions, (),
                      (eta, step, damping, parameters, layers, pattern, sample_loss, anchor_loss,
                       anchor_batch))
config::Help help(const StepOptions&);

using Tensors = std::vector<torch::Tensor>;

// The model's trainable parameters that the step moves, in the model's order. Throws ConfigError
// when there is none.
Tensors stepped_parameters(const VisionLanguageModel& model, const StepOptions& options);

// [B] losses of a batch; their gradient is recorded where the caller allows it.
torch::Tensor reduced(const AnswerLoss& loss, TokenReduction reduction);

// [B] losses of samples.
torch::Tensor sample_losses(VisionLanguageModel& model, const std::vector<UtilityInput>& batch,
                            TokenReduction reduction);

// Gradient of a scalar; zeros for a parameter that it does not depend on.
Tensors gradient_of(const torch::Tensor& scalar, const Tensors& parameters, bool keep_graph = false,
                    bool create_graph = false);

// Sum of the products of corresponding elements, in double.
double dot(const Tensors& a, const Tensors& b);

// Puts back the values that parameters had when it was made, bit for bit.
class RestoredParameters {
 public:
  explicit RestoredParameters(Tensors parameters);
  ~RestoredParameters() { restore(); }
  RestoredParameters(const RestoredParameters&) = delete;
  RestoredParameters& operator=(const RestoredParameters&) = delete;

  void restore();
  // Sets the parameters to the kept values plus `factor` * `direction`.
  void move(const Tensors& direction, double factor);

 private:
  Tensors parameters_, values_;
};

// Anchors in batches of similar length, and what is known of their loss at the model's parameters.
class Anchors {
 public:
  // Computes the losses. Throws DataError naming an anchor whose loss is not finite and ConfigError
  // for an empty set.
  Anchors(VisionLanguageModel& model, const AnchorSet& set, const StepOptions& options);

  std::size_t size() const { return losses_.size(); }
  // By anchor, in the order of the set, at the parameters of construction.
  const std::vector<double>& losses() const { return losses_; }
  double mean_loss() const;

  // Losses of the anchors with these indices, in this order, at the model's parameters now.
  std::vector<double> losses_now(VisionLanguageModel& model,
                                 const std::vector<std::size_t>& indices) const;
  // Mean loss of all anchors at the model's parameters now.
  double mean_loss_now(VisionLanguageModel& model) const;

  // Gradient of the mean loss. `visit`, where given, gets for each batch its share of the mean loss
  // with a graph: batches in order, one at a time.
  Tensors gradient(VisionLanguageModel& model, const Tensors& parameters) const;
  void each_batch(VisionLanguageModel& model,
                  const std::function<void(const torch::Tensor& share)>& visit) const;

  // The diagonal P of the step, one tensor for each parameter; empty for sgd, where it is 1. For
  // adam 1 / (sqrt(v) + damping * rms(sqrt(v))), v being the mean square of gradients of small
  // batches of anchors: the state of an optimizer that has trained on nothing else. Without the
  // damping, what no anchor uses would take enormous steps.
  Tensors preconditioner(VisionLanguageModel& model, const Tensors& parameters) const;

 private:
  torch::Tensor losses_of(VisionLanguageModel& model,
                          const std::vector<std::size_t>& indices) const;

  const AnchorSet* set_;
  StepOptions options_;
  std::vector<std::size_t> by_length_;
  std::vector<double> losses_;
};

// factor * P * tensors; P as above.
Tensors preconditioned(const Tensors& diagonal, const Tensors& tensors, double factor);

// eta * P * grad L_V for each anchor set: its product with a sample's gradient is the first-order
// utility.
std::vector<Tensors> first_order_directions(VisionLanguageModel& model,
                                            const std::vector<AnchorSet>& anchors,
                                            const StepOptions& options);

}  // namespace winnow
