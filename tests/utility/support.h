#pragma once
// Models and samples of which utilities can be worked out by hand or by other means.

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/errors.h"
#include "core/progress.h"
#include "models/micro_fixture.h"
#include "models/partial_model.h"
#include "utility/pass.h"
#include "utility/step.h"

namespace winnow::test {

// Two parameters: loss (a tanh(b x) - y)^2 / 2 of a sample that asks x and answers y, in double. A
// question "nan" has a loss that is none.
class TwoParameterModel : public testing_support::PartialModel {
 public:
  TwoParameterModel(double a, double b)
      : a_(torch::tensor(a, torch::kDouble).requires_grad_(true)),
        b_(torch::tensor(b, torch::kDouble).requires_grad_(true)) {}

  std::vector<VisualTokens> encode_vision(const std::vector<PreprocessedMedium>&) override {
    return {};
  }
  ModelInput input(const Sample& sample, std::vector<VisualTokens>) const override {
    const std::int64_t y = micros(sample.answer());
    return {{micros(sample.question()), y}, {-100, y}, {}};
  }
  ModelInput blind_input(const Sample& sample) const override { return input(sample, {}); }
  AnswerLoss answer_loss(const std::vector<ModelInput>& inputs) override {
    std::vector<double> x, y;
    for (const ModelInput& input : inputs) {
      x.push_back(input.tokens[0] == kNan ? NAN : static_cast<double>(input.tokens[0]) * 1e-6);
      y.push_back(static_cast<double>(input.tokens[1]) * 1e-6);
    }
    const torch::Tensor error =
        a_ * torch::tanh(b_ * torch::tensor(x, torch::kDouble)) - torch::tensor(y, torch::kDouble);
    return {0.5 * error * error, torch::ones_like(error.detach())};
  }
  std::vector<std::pair<std::string, torch::Tensor>> named_parameters() const override {
    return {{"text.layers.0.a", a_}, {"text.layers.1.b", b_}};
  }
  std::unique_ptr<VisionLanguageModel> clone() const override {
    return std::make_unique<TwoParameterModel>(a_.item<double>(), b_.item<double>());
  }

 private:
  static constexpr std::int64_t kNan = INT64_MIN;
  static std::int64_t micros(const std::string& text) {
    return text == "nan" ? kNan : std::llround(std::stod(text) * 1e6);
  }
  torch::Tensor a_, b_;
};

// The same by hand.
struct Point {
  double x = 0, y = 0;
};
struct Hand {
  double a = 0, b = 0;

  double loss(const Point& p) const {
    const double error = a * std::tanh(b * p.x) - p.y;
    return 0.5 * error * error;
  }
  std::pair<double, double> gradient(const Point& p) const {
    const double t = std::tanh(b * p.x), error = a * t - p.y;
    return {error * t, error * a * p.x * (1.0 - t * t)};
  }
  double mean_loss(const std::vector<Point>& points) const {
    double sum = 0.0;
    for (const Point& p : points) sum += loss(p);
    return sum / static_cast<double>(points.size());
  }
  std::pair<double, double> mean_gradient(const std::vector<Point>& points) const {
    double da = 0.0, db = 0.0;
    for (const Point& p : points) {
      const auto [ga, gb] = gradient(p);
      da += ga / static_cast<double>(points.size());
      db += gb / static_cast<double>(points.size());
    }
    return {da, db};
  }
};

inline Sample point_sample(const std::string& id, const std::string& x, const std::string& y) {
  Sample sample;
  sample.id = id;
  sample.turns = {{Turn::Role::user, x}, {Turn::Role::assistant, y}};
  return sample;
}

inline std::vector<Sample> point_samples(const std::vector<Point>& points) {
  std::vector<Sample> samples;
  for (const Point& p : points) {
    samples.push_back(point_sample("p" + std::to_string(samples.size()), std::to_string(p.x),
                                   std::to_string(p.y)));
  }
  return samples;
}

inline config::Value value_of(double number) { return {number, config::Origin{"test", 0}}; }
inline config::Value value_of(std::int64_t number) { return {number, config::Origin{"test", 0}}; }
inline config::Value value_of(bool flag) { return {flag, config::Origin{"test", 0}}; }
inline config::Value value_of(const char* text) {
  return {std::string(text), config::Origin{"test", 0}};
}

using OptionList = std::vector<std::pair<std::string, config::Value>>;

inline std::unique_ptr<UtilityEstimator> make_utility(const std::string& type,
                                                      const OptionList& options = {}) {
  config::Value table;
  table.set("type", value_of(type.c_str()));
  for (const auto& [key, value] : options) table.set(key, value);
  return utilities().create(table, "utility");
}

inline std::vector<UtilityInput> inputs_of(VisionLanguageModel& model,
                                           const std::vector<Sample>& samples) {
  std::vector<UtilityInput> inputs;
  for (const Sample& sample : samples) inputs.push_back({&sample, model.input(sample, {})});
  return inputs;
}

inline AnchorSet anchor_set(VisionLanguageModel& model, const std::vector<Sample>& samples,
                            const std::string& name = "all") {
  AnchorSet set;
  set.name = name;
  for (const Sample& sample : samples) {
    set.ids.push_back(sample.id);
    set.inputs.push_back(model.input(sample, {}));
  }
  return set;
}

// [B] of the first column.
inline std::vector<double> scores(VisionLanguageModel& model, const UtilityEstimator& estimator,
                                  const std::vector<AnchorSet>& anchors,
                                  const std::vector<UtilityInput>& batch) {
  const torch::Tensor values =
      estimator.prepare(model, anchors, 7)->score(model, batch).select(1, 0).contiguous();
  return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

// Samples of many lengths for the tiny micro model, every third without a picture.
inline std::vector<Sample> micro_samples(std::size_t count, const std::string& prefix = "s") {
  const std::vector<std::string> words = {"red", "blue", "green", "what", "it"};
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < count; ++i) {
    std::string answer = words[i % words.size()];
    for (std::size_t k = 0; k < i % 4; ++k) answer += " is " + words[(i + k) % words.size()];
    samples.push_back(
        testing_support::question_sample(prefix + std::to_string(i), answer, i % 3 != 2));
  }
  return samples;
}

// Pictures of noise or short clips, by the sample's id.
inline std::vector<VisualTokens> noise_visual(const Sample& sample, VisionLanguageModel& model) {
  const std::uint64_t number = std::stoull(sample.id.substr(1));
  const torch::NoGradGuard no_gradients;
  return model.encode_vision(
      {model.preprocess(testing_support::noise_frames(number % 2 == 0 ? 1 : 4, number))});
}

inline AnchorSet micro_anchors(VisionLanguageModel& model, std::size_t count,
                               const std::string& name = "all") {
  AnchorSet set;
  set.name = name;
  for (const Sample& sample : micro_samples(count, "9")) {
    set.ids.push_back(sample.id);
    set.inputs.push_back(model.input(
        sample, sample.media.empty() ? std::vector<VisualTokens>{} : noise_visual(sample, model)));
  }
  return set;
}

inline std::vector<UtilityInput> micro_inputs(VisionLanguageModel& model,
                                              const std::vector<Sample>& samples) {
  std::vector<UtilityInput> inputs;
  for (const Sample& sample : samples) {
    inputs.push_back(
        {&sample, model.input(sample, sample.media.empty() ? std::vector<VisualTokens>{}
                                                           : noise_visual(sample, model))});
  }
  return inputs;
}

}  // namespace winnow::test
