// The evaluators that let a model write: what it says is what counts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "benchmarks/final_answer.h"
#include "benchmarks/option_letters.h"
#include "support.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing_support::make_evaluator;
using testing_support::noise_evaluation;
using testing_support::noise_of;
using testing_support::noise_questions;
using testing_support::tiny_model;

// The model's own greedy answer, asked alone.
std::string said(VisionLanguageModel& model, const Question& question, std::int64_t tokens) {
  const torch::NoGradGuard no_grad;
  return written_answers(model, {model.input(question.sample, noise_of(model, question))}, tokens)
      .front()
      .answer;
}

TEST(FinalAnswerEvaluator, MarksTheModelsOwnWords) {
  const auto model = tiny_model();
  for (const std::string matching : {"exact", "lenient"}) {
    std::vector<Question> questions = noise_questions(6);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const std::string own = final_answer(said(*model, questions[i], 5), "answer is");
      ASSERT_FALSE(own.empty());
      questions[i].accepted = {"something else"};
      if (i % 2 == 0) questions[i].accepted.push_back(own);
      questions[i].candidates.clear();
    }
    const auto evaluator = make_evaluator(
        "type = \"final_answer\", maximum_tokens = 5, matching = \"" + matching + "\"");
    const auto outcomes = evaluate(*model, noise_evaluation(*evaluator, *model, questions));
    for (std::size_t i = 0; i < questions.size(); ++i) {
      EXPECT_EQ(outcomes[i].score, i % 2 == 0 ? 1.0 : 0.0) << matching << " " << i;
      EXPECT_EQ(outcomes[i].answer, said(*model, questions[i], 5));
      EXPECT_EQ(outcomes[i].tokens,
                static_cast<std::int64_t>(model->tokenizer().encode(outcomes[i].answer).size()));
      EXPECT_EQ(outcomes[i].failure, "");
    }
  }
}

TEST(LetterChoice, MarksTheLetterThatIsRead) {
  const auto model = tiny_model();
  std::vector<Question> questions = noise_questions(5);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const std::string own = said(*model, questions[i], 4);
    // The right option is what the model says, or another one.
    questions[i].candidates = {"nothing of the sort", own, "neither"};
    questions[i].correct = i % 2 == 0 ? 1 : 0;
    questions[i].accepted = {questions[i].candidates[*questions[i].correct]};
  }
  const auto evaluator = make_evaluator("type = \"letter_choice\", maximum_tokens = 4");
  const auto outcomes = evaluate(*model, noise_evaluation(*evaluator, *model, questions));
  for (std::size_t i = 0; i < questions.size(); ++i) {
    EXPECT_EQ(outcomes[i].parsed, "B");
    EXPECT_EQ(outcomes[i].score, i % 2 == 0 ? 1.0 : 0.0);
  }
  for (Question& question : questions) question.candidates = {"x1", "x2"};
  const auto unread = evaluate(*model, noise_evaluation(*evaluator, *model, questions));
  EXPECT_THAT(unread[0].failure, testing::StartsWith(std::string(kNotParsed)));
  EXPECT_TRUE(was_asked(unread[0]));
}

TEST(LetterChoice, ChecksThatItsParserCanReadTheRightLetter) {
  Question question;
  question.id = "q";
  question.candidates = {"a1", "b1", "c1", "d1", "e1", "f1"};
  question.correct = 5;
  question.accepted = {"f1"};
  EXPECT_NO_THROW(make_evaluator("type = \"letter_choice\"")->check(question));
  for (const char* parser : {"first_letter", "standalone_letter"}) {
    EXPECT_THROW(
        make_evaluator(std::string("type = \"letter_choice\", parser = \"") + parser + "\"")
            ->check(question),
        DataError)
        << parser;
  }
  // Options inside of the question: the answer is a letter.
  question.candidates.clear();
  question.correct.reset();
  question.accepted = {"C"};
  for (const char* parser :
       {"first_letter", "standalone_letter", "character_before_parenthesis", "letter_or_text"}) {
    EXPECT_NO_THROW(
        make_evaluator(std::string("type = \"letter_choice\", parser = \"") + parser + "\"")
            ->check(question))
        << parser;
  }
  question.accepted = {"seven"};
  EXPECT_THROW(make_evaluator("type = \"letter_choice\"")->check(question), DataError);
}

}  // namespace
}  // namespace winnow
