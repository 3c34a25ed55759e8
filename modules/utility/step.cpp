#include "utility/step.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <regex>

#include "core/errors.h"

namespace winnow {
namespace {

constexpr std::size_t kMomentBatch = 8;

// The number after ".layers." in a parameter's name; -1 without one.
std::int64_t layer_of(const std::string& name) {
  static const std::regex layer(R"((?:^|\.)layers\.([0-9]{1,6})\.)");
  std::smatch match;
  return std::regex_search(name, match, layer) ? std::stoll(match[1].str()) : -1;
}

}  // namespace

config::Help help(const StepOptions&) {
  return {{"eta", "length of the simulated step", config::above(0)},
          {"step", "sgd, or scaled by the anchors' gradients as Adam would"},
          {"damping",
           "adam: added to the root mean square gradient of a parameter, in shares of that of all",
           config::above(0)},
          {"parameters", "which of the trainable parameters take the step"},
          {"layers", "last_layers: how many, counted from the top", config::at_least(1)},
          {"pattern", "matching: regular expression that is searched for in their names"},
          {"sample_loss", "a sample's loss over its answer's tokens"},
          {"anchor_loss", "an anchor's loss over its answer's tokens; over anchors it is the mean"},
          {"anchor_batch", "anchors the model takes at once", config::at_least(1)}};
}

Tensors stepped_parameters(const VisionLanguageModel& model, const StepOptions& options) {
  const auto named = model.named_parameters();
  Tensors result;
  std::int64_t layers = 0;
  for (const auto& [name, parameter] : named) layers = std::max(layers, layer_of(name) + 1);
  std::regex pattern;
  if (options.parameters == SteppedParameters::matching) {
    try {
      pattern = std::regex(options.pattern);
    } catch (const std::regex_error& error) {
      throw ConfigError("pattern = \"" + options.pattern +
                        "\" of the utility is no regular expression: " + error.what());
    }
  }
  for (const auto& [name, parameter] : named) {
    if (!parameter.requires_grad()) continue;
    const std::int64_t layer = layer_of(name);
    if (options.parameters == SteppedParameters::last_layers &&
        (layer < 0 || layer < layers - options.layers)) {
      continue;
    }
    if (options.parameters == SteppedParameters::matching && !std::regex_search(name, pattern)) {
      continue;
    }
    result.push_back(parameter);
  }
  if (result.empty()) {
    throw ConfigError("the utility's step moves no parameter: none of the model's " +
                      std::to_string(named.size()) +
                      " is trainable and chosen by `parameters`, `layers` and `pattern`");
  }
  return result;
}

torch::Tensor reduced(const AnswerLoss& loss, TokenReduction reduction) {
  return reduction == TokenReduction::mean ? loss.mean() : loss.sum;
}

torch::Tensor sample_losses(VisionLanguageModel& model, const std::vector<UtilityInput>& batch,
                            TokenReduction reduction) {
  std::vector<ModelInput> inputs;
  inputs.reserve(batch.size());
  for (const UtilityInput& sample : batch) inputs.push_back(sample.input);
  return reduced(model.answer_loss(inputs), reduction);
}

Tensors gradient_of(const torch::Tensor& scalar, const Tensors& parameters, bool keep_graph,
                    bool create_graph) {
  Tensors gradients = torch::autograd::grad({scalar}, parameters, {}, keep_graph || create_graph,
                                            create_graph, /*allow_unused=*/true);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].defined()) gradients[i] = torch::zeros_like(parameters[i].detach());
  }
  return gradients;
}

double dot(const Tensors& a, const Tensors& b) {
  const torch::NoGradGuard no_gradients;
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += torch::dot(a[i].flatten(), b[i].flatten()).item<double>();
  }
  return sum;
}

RestoredParameters::RestoredParameters(Tensors parameters) : parameters_(std::move(parameters)) {
  for (const torch::Tensor& parameter : parameters_) values_.push_back(parameter.detach().clone());
}

void RestoredParameters::restore() {
  const torch::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].copy_(values_[i]);
}

void RestoredParameters::move(const Tensors& direction, double factor) {
  const torch::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    torch::Tensor parameter = parameters_[i];
    torch::add_out(parameter, values_[i], direction[i], factor);
  }
}

Anchors::Anchors(VisionLanguageModel& model, const AnchorSet& set, const StepOptions& options)
    : set_(&set), options_(options), by_length_(set.inputs.size()) {
  if (set.inputs.empty()) throw ConfigError("the anchor set '" + set.name + "' is empty");
  std::iota(by_length_.begin(), by_length_.end(), std::size_t{0});
  std::stable_sort(by_length_.begin(), by_length_.end(), [&](std::size_t a, std::size_t b) {
    return set.inputs[a].length() < set.inputs[b].length();
  });
  const torch::NoGradGuard no_gradients;
  std::vector<std::size_t> all(set.inputs.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  losses_ = losses_now(model, all);
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    if (std::isfinite(losses_[i])) continue;
    throw DataError("anchor '" + (i < set.ids.size() ? set.ids[i] : std::to_string(i)) +
                    "' of the set '" + set.name + "' has a loss that is no finite number");
  }
}

double Anchors::mean_loss() const {
  return std::accumulate(losses_.begin(), losses_.end(), 0.0) / static_cast<double>(losses_.size());
}

torch::Tensor Anchors::losses_of(VisionLanguageModel& model,
                                 const std::vector<std::size_t>& indices) const {
  std::vector<ModelInput> inputs;
  inputs.reserve(indices.size());
  for (const std::size_t index : indices) inputs.push_back(set_->inputs[index]);
  return reduced(model.answer_loss(inputs), options_.anchor_loss);
}

std::vector<double> Anchors::losses_now(VisionLanguageModel& model,
                                        const std::vector<std::size_t>& indices) const {
  const torch::NoGradGuard no_gradients;
  // By length, as everywhere, so that padding is small.
  std::vector<std::size_t> order(indices.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return set_->inputs[indices[a]].length() < set_->inputs[indices[b]].length();
  });
  std::vector<double> result(indices.size());
  const auto step = static_cast<std::size_t>(options_.anchor_batch);
  for (std::size_t first = 0; first < order.size(); first += step) {
    const std::size_t last = std::min(order.size(), first + step);
    std::vector<std::size_t> batch;
    for (std::size_t i = first; i < last; ++i) batch.push_back(indices[order[i]]);
    const torch::Tensor losses = losses_of(model, batch).to(torch::kDouble);
    for (std::size_t i = first; i < last; ++i) {
      result[order[i]] = losses[static_cast<std::int64_t>(i - first)].item<double>();
    }
  }
  return result;
}

double Anchors::mean_loss_now(VisionLanguageModel& model) const {
  const std::vector<double> losses = losses_now(model, by_length_);
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
}

void Anchors::each_batch(VisionLanguageModel& model,
                         const std::function<void(const torch::Tensor&)>& visit) const {
  const auto step = static_cast<std::size_t>(options_.anchor_batch);
  for (std::size_t first = 0; first < by_length_.size(); first += step) {
    const std::size_t last = std::min(by_length_.size(), first + step);
    const std::vector<std::size_t> batch(by_length_.begin() + static_cast<std::ptrdiff_t>(first),
                                         by_length_.begin() + static_cast<std::ptrdiff_t>(last));
    visit(losses_of(model, batch).sum() / static_cast<double>(by_length_.size()));
  }
}

Tensors Anchors::gradient(VisionLanguageModel& model, const Tensors& parameters) const {
  const torch::AutoGradMode with_gradients(true);
  Tensors sum;
  each_batch(model, [&](const torch::Tensor& share) {
    Tensors part = gradient_of(share, parameters);
    if (sum.empty()) {
      sum = std::move(part);
      return;
    }
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = sum[i] + part[i];
  });
  return sum;
}

Tensors Anchors::preconditioner(VisionLanguageModel& model, const Tensors& parameters) const {
  if (options_.step == StepKind::sgd) return {};
  Tensors squares;
  for (const torch::Tensor& parameter : parameters) {
    squares.push_back(torch::zeros_like(parameter.detach()));
  }
  double batches = 0.0;
  for (std::size_t first = 0; first < size(); first += kMomentBatch) {
    std::vector<std::size_t> batch;
    for (std::size_t i = first; i < std::min(size(), first + kMomentBatch); ++i) {
      batch.push_back(i);
    }
    const torch::AutoGradMode with_gradients(true);
    const Tensors gradients = gradient_of(losses_of(model, batch).mean(), parameters);
    const torch::NoGradGuard no_gradients;
    for (std::size_t i = 0; i < squares.size(); ++i) squares[i] += gradients[i] * gradients[i];
    batches += 1.0;
  }
  const torch::NoGradGuard no_gradients;
  double total = 0.0, count = 0.0;
  for (torch::Tensor& square : squares) {
    square /= batches;
    total += square.sum(torch::kDouble).item<double>();
    count += static_cast<double>(square.numel());
  }
  if (!(total > 0.0)) {
    throw DataError("the gradients of the anchor set '" + set_->name +
                    "' are all zero: step = \"adam\" has nothing to scale with");
  }
  const double added = options_.damping * std::sqrt(total / count);
  for (torch::Tensor& square : squares) square = 1.0 / (square.sqrt() + added);
  return squares;
}

Tensors preconditioned(const Tensors& diagonal, const Tensors& tensors, double factor) {
  const torch::NoGradGuard no_gradients;
  Tensors result;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const torch::Tensor scaled = tensors[i] * factor;
    result.push_back((diagonal.empty() ? scaled : scaled * diagonal[i]).contiguous());
  }
  return result;
}

std::vector<Tensors> first_order_directions(VisionLanguageModel& model,
                                            const std::vector<AnchorSet>& anchors,
                                            const StepOptions& options) {
  if (anchors.empty()) throw ConfigError("this utility needs an anchor set and there is none");
  const Tensors parameters = stepped_parameters(model, options);
  std::vector<Tensors> directions;
  for (const AnchorSet& set : anchors) {
    const Anchors known(model, set, options);
    directions.push_back(preconditioned(known.preconditioner(model, parameters),
                                        known.gradient(model, parameters), options.eta));
  }
  return directions;
}

}  // namespace winnow
