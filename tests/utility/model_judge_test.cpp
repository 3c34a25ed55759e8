// The expected rating of a model whose probabilities are known.

#include <gmock/gmock.h>

#include "support.h"

namespace winnow {
namespace {

using test::make_utility;
using test::value_of;

// Gives the ratings fixed log-likelihoods and remembers what it was asked.
class RatingModel : public test::TwoParameterModel {
 public:
  explicit RatingModel(std::vector<double> likelihoods)
      : TwoParameterModel(1, 1), likelihoods_(std::move(likelihoods)) {}

  ModelInput input(const Sample& sample, std::vector<VisualTokens> visual) const override {
    asked.push_back(sample);
    return {{1}, {1}, std::move(visual)};
  }
  struct Nothing : Prefix {};
  std::unique_ptr<Prefix> prefill(const std::vector<ModelInput>&) override {
    return std::make_unique<Nothing>();
  }
  std::vector<std::vector<std::pair<double, std::int64_t>>> score_continuations(
      const Prefix&, const std::vector<std::vector<std::string>>& continuations) override {
    tried = continuations;
    std::vector<std::pair<double, std::int64_t>> one;
    for (const double likelihood : likelihoods_) one.emplace_back(likelihood, 2);
    return std::vector(continuations.size(), one);
  }

  mutable std::vector<Sample> asked;
  std::vector<std::vector<std::string>> tried;

 private:
  std::vector<double> likelihoods_;
};

double score_of(RatingModel& model, const UtilityEstimator& judge) {
  Sample sample;
  sample.id = "a";
  sample.media.resize(2);
  sample.turns = {{Turn::Role::user, "<media>which of <media>?"}, {Turn::Role::assistant, "both"}};
  return judge.prepare(model, {}, 7)->score(model, {{&sample, {}}}).item<double>();
}

TEST(ModelJudge, ExpectsTheMeanOfTheRatingsByTheirProbabilities) {
  // Weights 1, 2, 4, 2, 1 on a scale of their own: the middle.
  const auto judge = make_utility("model_judge");
  RatingModel even({-900, -900 + std::log(2), -900 + std::log(4), -900 + std::log(2), -900});
  EXPECT_NEAR(score_of(even, *judge), 3.0, 1e-12);
  // (1 + 3 * 5) / 4.
  RatingModel high({0, -HUGE_VAL, -HUGE_VAL, -HUGE_VAL, std::log(3)});
  EXPECT_NEAR(score_of(high, *judge), 4.0, 1e-12);
  RatingModel none({0, 0, NAN, 0, 0});
  EXPECT_TRUE(std::isnan(score_of(none, *judge)));
}

TEST(ModelJudge, AsksByItsPromptWithTheSamplesMedia) {
  const auto judge =
      make_utility("model_judge", {{"prompt.system", value_of("Grade.")},
                                   {"prompt.user", value_of("See {media}: {question} -> {answer}")},
                                   {"prompt.lowest", value_of(9.0)},
                                   {"prompt.highest", value_of(11.0)}});
  RatingModel model({0, 0, 0});
  EXPECT_NEAR(score_of(model, *judge), 10.0, 1e-12);
  EXPECT_EQ(model.tried.at(0), (std::vector<std::string>{"9", "10", "11"}));
  const std::vector<Turn>& turns = model.asked.at(0).turns;
  ASSERT_EQ(turns.size(), 3U);
  EXPECT_EQ(turns[0].text, "Grade.");
  EXPECT_EQ(turns[1].text, "See <media><media>: [image 1]which of [image 2]? -> both");
  EXPECT_EQ(turns[2].role, Turn::Role::assistant);
}

TEST(ModelJudge, RefusesRatingsThatAreNoWholeNumbers) {
  EXPECT_THROW(make_utility("model_judge", {{"prompt.lowest", value_of(0.5)}}), ConfigError);
  EXPECT_THROW(make_utility("model_judge", {{"prompt.highest", value_of(1000.0)}}), ConfigError);
}

}  // namespace
}  // namespace winnow
