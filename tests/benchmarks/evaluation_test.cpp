#include "benchmarks/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "benchmarks/benchmark.h"
#include "core/files.h"
#include "support.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::noise_evaluation;
using testing_support::noise_frames;
using testing_support::noise_of;
using testing_support::noise_questions;
using testing_support::tiny_model;

// Says its own name for each question and remembers the windows it was given.
class Echo : public Evaluator {
 public:
  void check(const Question&) const override {}
  std::vector<Outcome> answer(VisionLanguageModel&,
                              std::vector<AskedQuestion> questions) const override {
    std::vector<std::string> window;
    std::vector<Outcome> outcomes;
    for (const AskedQuestion& asked : questions) {
      window.push_back(asked.question->id);
      outcomes.push_back({1.0, asked.question->id, "", "", 1, 0.0});
    }
    windows.push_back(window);
    if (windows.size() == stop_at) throw std::runtime_error("stopped");
    return outcomes;
  }
  mutable std::vector<std::vector<std::string>> windows;
  std::size_t stop_at = 0;  // the window that is not answered; 0: all are
};

class EvaluationTest : public testing::Test {
 protected:
  std::vector<Outcome> run(const std::string& broken = "") {
    Evaluation evaluation = noise_evaluation(echo_, *model_, questions_, broken);
    evaluation.limits = limits_;
    evaluation.journal = journal_;
    evaluation.progress = [&](std::int64_t count) { progress_ += count; };
    return evaluate(*model_, evaluation);
  }

  std::unique_ptr<micro::MicroModel> model_ = tiny_model();
  std::vector<Question> questions_ = noise_questions(7);
  EvaluationLimits limits_;
  fs::path journal_;
  std::int64_t progress_ = 0;
  Echo echo_;
};

TEST_F(EvaluationTest, AsksInWindowsAndKeepsTheOrder) {
  limits_.window_questions = 3;
  const std::vector<Outcome> outcomes = run();
  EXPECT_THAT(echo_.windows, ElementsAre(ElementsAre("0", "1", "2"), ElementsAre("3", "4", "5"),
                                         ElementsAre("6")));
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(outcomes[i].answer, std::to_string(i));
    EXPECT_GT(outcomes[i].seconds, 0.0);  // of making its input
  }
  EXPECT_EQ(progress_, 7);
}

TEST_F(EvaluationTest, AWindowEndsWhereItsMegabytesDo) {
  Evaluation evaluation = noise_evaluation(echo_, *model_, questions_);
  evaluation.limits.window_megabytes = 3;
  evaluation.visual = [&](const Question& question) {
    std::vector<VisualTokens> visual = noise_of(*model_, question);
    // A megabyte a question, as a picture has in a large model.
    const std::int64_t count = visual[0].tokens.size(0);
    visual[0].tokens = torch::zeros({count, ((1 << 20) + count) / count / 4 + 1});
    return visual;
  };
  evaluate(*model_, evaluation);
  EXPECT_THAT(echo_.windows, ElementsAre(ElementsAre("0", "1", "2"), ElementsAre("3", "4", "5"),
                                         ElementsAre("6")));
}

TEST_F(EvaluationTest, WhatCannotBeAskedIsAnOutcomeUntilItIsTooMuch) {
  limits_.maximum_failed_share = 0.2;
  const std::vector<Outcome> outcomes = run("4");
  EXPECT_EQ(outcomes[4].failure, "not asked: /noise/4.mp4: truncated");
  EXPECT_EQ(outcomes[4].score, 0.0);
  EXPECT_FALSE(was_asked(outcomes[4]));
  EXPECT_EQ(outcomes[5].answer, "5");
  limits_.maximum_failed_share = 0.1;
  try {
    run("4");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("benchmark noise: 1 of 7"), HasSubstr("maximum_failed_share = 0.1"),
                      HasSubstr("noise.jsonl:5"), HasSubstr("/noise/4.mp4: truncated")));
  }
}

TEST_F(EvaluationTest, AQuestionThatDoesNotFitIsNoReasonToStop) {
  limits_.maximum_failed_share = 0.5;
  std::string& text = questions_[2].sample.turns.front().text;
  for (int i = 0; i < 100; ++i) text += " what colour";
  const std::vector<Outcome> outcomes = run();
  EXPECT_THAT(outcomes[2].failure, AllOf(HasSubstr("not asked"), HasSubstr("maximum_text")));
  EXPECT_EQ(outcomes[3].answer, "3");
}

// From a file of questions to a file of outcomes, with pictures that are decoded.
TEST_F(EvaluationTest, AsksAFileOfQuestionsAboutRealPictures) {
  const fs::path folder = testing_support::temporary_folder();
  std::string lines;
  for (int i = 0; i < 4; ++i) {
    const std::string name = std::to_string(i) + ".png";
    write_file_with(folder / name, [&](const fs::path& path) {
      cv::imwrite(path.string(), noise_frames(1, static_cast<std::uint64_t>(i)).images[0]);
    });
    lines += R"({"image":")" + name + R"(","question":"what colour","options":["red","blue"],)" +
             R"("answer":"A"})" + "\n";
  }
  const std::string whole = read_file(folder / "2.png");
  write_file(folder / "2.png", whole.substr(0, whole.size() / 2));
  write_file(folder / "mine.jsonl", lines);
  const BenchmarkTask task(
      "mine",
      testing_support::table_of("type = \"file\", file = \"" + (folder / "mine.jsonl").string() +
                                "\", maximum_failed_share = 0.25, evaluator = {type = "
                                "\"multiple_choice\"}"));
  const std::vector<Question> asked = task.read({}).asked;
  Evaluation evaluation{task.name(), task.evaluator(), asked, [&](const Question& question) {
                          std::vector<PreprocessedMedium> media;
                          for (const Media& medium : question.sample.media) {
                            media.push_back(model_->preprocess(decode(medium, {})));
                          }
                          return model_->encode_vision(media);
                        }};
  evaluation.limits = task.options();
  const std::vector<Outcome> outcomes = evaluate(*model_, evaluation);
  EXPECT_THAT(outcomes[2].failure, AllOf(HasSubstr("not asked: "), HasSubstr("2.png")));
  for (const std::size_t i : {0, 1, 3}) EXPECT_EQ(outcomes[i].failure, "");
  write_outcomes(folder / "outcomes.jsonl", asked, outcomes);
  EXPECT_EQ(digest_of(ids_of(asked), read_outcomes(folder / "outcomes.jsonl", ids_of(asked))),
            digest_of(ids_of(asked), outcomes));
}

TEST_F(EvaluationTest, GoesOnFromTheLastWholeWindow) {
  limits_.window_questions = 2;
  journal_ = testing_support::temporary_folder() / "noise";
  echo_.stop_at = 3;
  EXPECT_THROW(run(), std::runtime_error);
  EXPECT_EQ(progress_, 4);
  echo_.windows.clear();
  echo_.stop_at = 0;
  progress_ = 0;
  const std::vector<Outcome> outcomes = run();
  EXPECT_THAT(echo_.windows, ElementsAre(ElementsAre("4", "5"), ElementsAre("6")));
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(outcomes[i].answer, std::to_string(i));
  EXPECT_EQ(progress_, 7);
  echo_.windows.clear();
  run();
  EXPECT_TRUE(echo_.windows.empty());
}

TEST_F(EvaluationTest, TriesFailuresAgainAtTheEnd) {
  limits_.window_questions = 3;
  limits_.maximum_failed_share = 0.5;
  journal_ = testing_support::temporary_folder() / "noise";
  echo_.stop_at = 3;
  EXPECT_THROW(run("1"), std::runtime_error);
  echo_.windows.clear();
  echo_.stop_at = 0;
  const std::vector<Outcome> outcomes = run();  // the medium was repaired
  EXPECT_THAT(echo_.windows, ElementsAre(ElementsAre("6", "1")));
  EXPECT_EQ(outcomes[1].answer, "1");
  EXPECT_EQ(outcomes[1].failure, "");
  EXPECT_EQ(run()[1].answer, "1");
}

TEST_F(EvaluationTest, AJournalOfOtherQuestionsIsRefused) {
  journal_ = testing_support::temporary_folder() / "noise";
  run();
  questions_[3].id = "30";
  try {
    run();
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("00000000.jsonl"), HasSubstr("another question")));
  }
}

}  // namespace
}  // namespace winnow
