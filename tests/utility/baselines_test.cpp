// The estimators for comparison against what their definitions say, computed another way.

#include <gmock/gmock.h>

#include "support.h"

namespace winnow {
namespace {

using test::make_utility;
using test::scores;
using test::value_of;

class Baselines : public testing::Test {
 protected:
  std::unique_ptr<micro::MicroModel> model_ = testing_support::tiny_model();
  std::vector<Sample> samples_ = test::micro_samples(7);
  std::vector<UtilityInput> batch_ = test::micro_inputs(*model_, samples_);

  std::vector<double> of(const std::string& type) {
    return scores(*model_, *make_utility(type), {}, batch_);
  }
  double loss_of(const ModelInput& input) {
    const torch::NoGradGuard no_gradients;
    return model_->answer_loss({input}).mean().item<double>();
  }
};

TEST_F(Baselines, LossAndPerplexity) {
  const auto losses = of("loss"), perplexities = of("perplexity");
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    EXPECT_NEAR(losses[i], loss_of(batch_[i].input), 1e-5);
    EXPECT_NEAR(perplexities[i], std::exp(losses[i]), 1e-9);
  }
}

TEST_F(Baselines, El2nIsTheLengthOfTheError) {
  const auto values = of("el2n");
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const torch::NoGradGuard no_gradients;
    const ModelInput& input = batch_[i].input;
    const torch::Tensor probabilities = torch::softmax(model_->logits({input})[0], 1);
    double sum = 0.0, count = 0.0;
    for (std::size_t t = 1; t < input.labels.size(); ++t) {
      if (input.labels[t] == -100) continue;
      double squares = 0.0;
      for (std::int64_t v = 0; v < probabilities.size(1); ++v) {
        const double error = probabilities[static_cast<std::int64_t>(t) - 1][v].item<double>() -
                             (v == input.labels[t] ? 1.0 : 0.0);
        squares += error * error;
      }
      sum += std::sqrt(squares);
      count += 1.0;
    }
    EXPECT_NEAR(values[i], sum / count, 1e-5);
  }
}

TEST_F(Baselines, GrandIsTheLengthOfTheGradient) {
  const auto values = of("grand");
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const auto copy = model_->clone();
    copy->answer_loss({batch_[i].input}).mean().sum().backward();
    double squares = 0.0;
    for (const auto& [name, parameter] : copy->named_parameters()) {
      if (!parameter.grad().defined()) continue;
      squares += parameter.grad().pow(2).sum(torch::kDouble).item<double>();
    }
    EXPECT_NEAR(values[i], std::sqrt(squares), 1e-4 * std::sqrt(squares));
  }
}

TEST_F(Baselines, InstructionFollowingDifficultyComparesWithTheAnswerAlone) {
  const auto values = of("instruction_following_difficulty");
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    Sample alone = samples_[i];
    alone.media.clear();
    alone.turns.front().text.clear();
    EXPECT_NEAR(values[i], loss_of(batch_[i].input) / loss_of(model_->input(alone, {})), 1e-4);
  }
}

TEST_F(Baselines, DifficultyLooksAtTheLastAnswerAlone) {
  Sample two = testing_support::question_sample("s0", "red", false);
  two.turns.push_back({Turn::Role::user, "what is it"});
  two.turns.push_back({Turn::Role::assistant, "blue"});
  const std::vector<UtilityInput> batch = {{&two, model_->input(two, {})}};
  const auto value =
      scores(*model_, *make_utility("instruction_following_difficulty"), {}, batch)[0];
  ModelInput last = batch[0].input;
  std::size_t trained = 0;
  for (std::int64_t& label : last.labels) {
    if (label == -100) continue;
    if (trained++ < 2) label = -100;  // "red" and the end of its turn
  }
  ASSERT_EQ(trained, 4U);
  Sample alone = testing_support::question_sample("s0", "blue", false);
  alone.turns.front().text.clear();
  EXPECT_NEAR(value, loss_of(last) / loss_of(model_->input(alone, {})), 1e-5);
}

TEST_F(Baselines, RhoLossIsHighWhereTheHeldOutDataTeachSomething) {
  // The anchors say "green"; samples that say so are learnt from them, others are not.
  const Sample like = testing_support::question_sample("s0", "green", false);
  const Sample unlike = testing_support::question_sample("s0", "what what", false);
  const std::vector<UtilityInput> batch = {{&like, model_->input(like, {})},
                                           {&unlike, model_->input(unlike, {})}};
  const std::vector<AnchorSet> anchors = {test::anchor_set(*model_, std::vector<Sample>(16, like))};
  const auto values = scores(*model_, *make_utility("rho_loss"), anchors, batch);
  EXPECT_GT(values[0], 0.0);
  EXPECT_GT(values[0], values[1]);
  // One step over one batch of equal anchors: the holdout model by another way.
  const auto once = scores(*model_,
                           *make_utility("rho_loss", {{"epochs", value_of(std::int64_t{1})},
                                                      {"learning_rate", value_of(1e-3)}}),
                           anchors, batch);
  const auto copy = model_->clone();
  copy->answer_loss({batch[0].input}).mean().sum().backward();
  {
    const torch::NoGradGuard no_gradients;
    for (auto& [name, parameter] : copy->named_parameters()) {
      if (!parameter.grad().defined()) continue;
      torch::Tensor values_now = parameter;
      values_now.sub_(1e-3 * parameter.grad() / (parameter.grad().abs() + 1e-8));
    }
    const double after = copy->answer_loss({batch[0].input}).mean().item<double>();
    EXPECT_NEAR(once[0], loss_of(batch[0].input) - after, 1e-3);
  }
}

}  // namespace
}  // namespace winnow
