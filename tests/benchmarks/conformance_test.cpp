// What every registered evaluator must do, found through the registry: a new one is tested here
// without a change.

#include <gmock/gmock.h>

#include <filesystem>

#include "core/files.h"
#include "support.h"

namespace winnow {
namespace {

using testing_support::noise_evaluation;
using testing_support::noise_questions;
using testing_support::table_of;
using testing_support::tiny_model;

class EvaluatorConformance : public ::testing::TestWithParam<std::string> {
 protected:
  // With the defaults of its options, but for a batch size where it has one.
  std::unique_ptr<Evaluator> evaluator(std::int64_t batch_size) const {
    std::string toml = "type = \"" + GetParam() + "\"";
    for (const config::ComponentInfo& info : config::list_components()) {
      if (info.kind != "evaluator" || info.name != GetParam()) continue;
      for (const config::OptionDescription& option : info.options) {
        if (option.name == "batch_size") toml += ", batch_size = " + std::to_string(batch_size);
        if (option.name == "maximum_tokens") toml += ", maximum_tokens = 6";
      }
    }
    return evaluators().create(table_of(toml), "evaluator");
  }

  std::vector<Outcome> outcomes(std::int64_t batch_size, std::int64_t window,
                                const std::vector<Question>& questions,
                                const std::string& broken = "") const {
    const auto made = evaluator(batch_size);
    for (const Question& question : questions) made->check(question);
    const auto model = tiny_model();
    Evaluation evaluation = noise_evaluation(*made, *model, questions, broken);
    evaluation.limits.window_questions = window;
    evaluation.limits.maximum_failed_share = 0.5;
    return evaluate(*model, evaluation);
  }
};

void expect_equal(const std::vector<Outcome>& left, const std::vector<Outcome>& right) {
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    EXPECT_EQ(left[i].score, right[i].score) << i;
    EXPECT_EQ(left[i].answer, right[i].answer) << i;
    EXPECT_EQ(left[i].parsed, right[i].parsed) << i;
    EXPECT_EQ(left[i].failure, right[i].failure) << i;
    EXPECT_EQ(left[i].tokens, right[i].tokens) << i;
  }
}

TEST_P(EvaluatorConformance, AnswersDependNeitherOnBatchesNorOnWindows) {
  const std::vector<Question> questions = noise_questions(11);
  const std::vector<Outcome> expected = outcomes(64, 1024, questions);
  ASSERT_EQ(expected.size(), questions.size());
  for (const auto& [batch_size, window] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1024}, {3, 1024}, {64, 1}, {2, 5}}) {
    SCOPED_TRACE(batch_size);
    expect_equal(outcomes(batch_size, window, questions), expected);
  }
}

// Nor on the other questions and their order.
TEST_P(EvaluatorConformance, AQuestionIsAnsweredAlikeAmongOthers) {
  std::vector<Question> questions = noise_questions(6);
  std::vector<Outcome> expected = outcomes(4, 1024, questions);
  std::reverse(questions.begin(), questions.end());
  std::reverse(expected.begin(), expected.end());
  expect_equal(outcomes(4, 1024, questions), expected);
  expect_equal(outcomes(4, 1024, {questions[2]}), {expected[2]});
}

TEST_P(EvaluatorConformance, OutcomesAreWhole) {
  const std::vector<Question> questions = noise_questions(7);
  for (const Outcome& outcome : outcomes(4, 1024, questions)) {
    EXPECT_TRUE(outcome.score >= 0.0 && outcome.score <= 1.0);
    EXPECT_GT(outcome.seconds, 0.0);
    EXPECT_TRUE(was_asked(outcome));
    if (!outcome.failure.empty()) {
      EXPECT_EQ(outcome.score, 0.0);
      EXPECT_TRUE(outcome.failure.starts_with(kNotParsed)) << outcome.failure;
    } else {
      EXPECT_FALSE(outcome.parsed.empty());
      EXPECT_GT(outcome.tokens, 0);
    }
  }
  EXPECT_TRUE(outcomes(4, 1024, {}).empty());
}

TEST_P(EvaluatorConformance, AFailureIsKeptAndTouchesNoOtherQuestion) {
  const std::vector<Question> questions = noise_questions(7);
  std::vector<Outcome> expected = outcomes(3, 4, questions);
  const std::vector<Outcome> found = outcomes(3, 4, questions, "5");
  EXPECT_FALSE(was_asked(found[5]));
  EXPECT_EQ(found[5].score, 0.0);
  expected[5] = found[5];
  expect_equal(found, expected);
}

TEST_P(EvaluatorConformance, HasAConfigFile) {
  const auto file =
      std::filesystem::path(WINNOW_SOURCE_DIR) / "configs/evaluator" / (GetParam() + ".toml");
  ASSERT_TRUE(std::filesystem::exists(file)) << file;
  EXPECT_THAT(read_file(file), ::testing::HasSubstr("type = \"" + GetParam() + "\""));
}

INSTANTIATE_TEST_SUITE_P(Evaluators, EvaluatorConformance,
                         ::testing::ValuesIn(evaluators().names()),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace winnow
