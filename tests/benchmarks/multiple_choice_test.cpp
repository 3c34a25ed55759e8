#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing_support::make_evaluator;
using testing_support::noise_evaluation;
using testing_support::noise_of;
using testing_support::noise_questions;
using testing_support::tiny_model;

TEST(MultipleChoice, ChoosesTheReplyOfHighestLikelihoodPerToken) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const std::vector<Question> questions = noise_questions(7);
  const auto evaluator = make_evaluator("type = \"multiple_choice\"");
  const std::vector<Outcome> outcomes =
      evaluate(*model, noise_evaluation(*evaluator, *model, questions));
  ASSERT_EQ(outcomes.size(), 7U);
  double right = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    double best = 1e9;
    std::size_t choice = 0;
    std::int64_t tokens = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      Sample sample = questions[i].sample;
      sample.turns.back().text = questions[i].candidates[k];
      const AnswerLoss loss =
          model->answer_loss({model->input(sample, noise_of(*model, questions[i]))});
      tokens += loss.count[0].item<std::int64_t>();
      if (loss.mean()[0].item<double>() < best) {
        best = loss.mean()[0].item<double>();
        choice = k;
      }
    }
    EXPECT_EQ(outcomes[i].score, choice == questions[i].correct ? 1.0 : 0.0) << i;
    EXPECT_EQ(outcomes[i].answer, questions[i].candidates[choice]);
    EXPECT_EQ(outcomes[i].parsed, letter_of(choice));
    EXPECT_EQ(outcomes[i].tokens, tokens);
    EXPECT_GT(outcomes[i].seconds, 0.0);
    right += outcomes[i].score;
  }
  EXPECT_GT(right, 0);
  EXPECT_LT(right, 7);
}

TEST(MultipleChoice, ScoresRepliesAndNotOptions) {
  const auto model = tiny_model();
  std::vector<Question> questions = noise_questions(3);
  for (Question& question : questions) question.replies = {"green", "green red", "blue red"};
  const auto evaluator = make_evaluator("type = \"multiple_choice\"");
  for (const Outcome& outcome : evaluate(*model, noise_evaluation(*evaluator, *model, questions))) {
    EXPECT_THAT(outcome.answer, testing::AnyOf("green", "green red", "blue red"));
  }
}

TEST(MultipleChoice, AModelThatIsNotANumberHasNoAnswer) {
  const auto model = tiny_model();
  {
    const torch::NoGradGuard no_grad;
    for (const auto& [name, parameter] : model->named_parameters()) {
      parameter.fill_(std::nan(""));
    }
  }
  const std::vector<Question> questions = noise_questions(3);
  const auto evaluator = make_evaluator("type = \"multiple_choice\"");
  for (const Outcome& outcome : evaluate(*model, noise_evaluation(*evaluator, *model, questions))) {
    EXPECT_THAT(outcome.failure, testing::StartsWith(std::string(kNotParsed)));
    EXPECT_EQ(outcome.score, 0.0);
    EXPECT_EQ(outcome.answer, "");
  }
}

TEST(MultipleChoice, RefusesQuestionsWithoutOneRightOption) {
  const auto evaluator = make_evaluator("type = \"multiple_choice\"");
  Question question = noise_questions(1)[0];
  EXPECT_NO_THROW(evaluator->check(question));
  question.correct.reset();
  for (const char* reason : {"several right options", "no options"}) {
    try {
      evaluator->check(question);
      FAIL();
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(),
                  testing::AllOf(testing::StartsWith("noise.jsonl:1:"), HasSubstr(reason)));
    }
    question.candidates.clear();
  }
}

}  // namespace
}  // namespace winnow
