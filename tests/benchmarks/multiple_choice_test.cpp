#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "benchmarks/evaluator.h"
#include "core/errors.h"
#include "core/files.h"
#include "models/micro_fixture.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing_support::noise_frames;
using testing_support::tiny_model;

config::Value evaluator_config(std::int64_t batch_size) {
  const config::Origin origin{"test", 1};
  config::Value table;
  table.set("type", {std::string("multiple_choice"), origin});
  table.set("batch_size", {batch_size, origin});
  return table;
}

Benchmark noise_benchmark(std::size_t count) {
  Benchmark benchmark{"noise", {}};
  for (std::size_t i = 0; i < count; ++i) {
    Question question;
    question.id = std::to_string(i);
    question.candidates = {"red", "blue", "green blue"};
    question.correct = i % 3;
    question.sample = testing_support::question_sample(question.id, question.candidates[i % 3]);
    benchmark.questions.push_back(question);
  }
  return benchmark;
}

TEST(MultipleChoice, ChoosesTheCandidateOfHighestLikelihoodPerToken) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const Benchmark benchmark = noise_benchmark(7);
  const auto visual = [&](std::size_t i) {
    return model->encode_vision(
        {model->preprocess(noise_frames(1 + static_cast<std::int64_t>(i) % 4, i))});
  };
  const BenchmarkScores scores =
      evaluators().create(evaluator_config(64), "evaluator")->evaluate(*model, benchmark, visual);
  ASSERT_EQ(scores.correct.size(), 7U);
  int right = 0;
  for (std::size_t i = 0; i < benchmark.questions.size(); ++i) {
    double best = 1e9;
    std::size_t choice = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      Sample sample = benchmark.questions[i].sample;
      sample.turns.back().text = benchmark.questions[i].candidates[k];
      const double loss =
          model->answer_loss({model->input(sample, visual(i))}).mean()[0].item<double>();
      if (loss < best) {
        best = loss;
        choice = k;
      }
    }
    EXPECT_EQ(scores.correct[i] == 1, choice == benchmark.questions[i].correct) << i;
    right += scores.correct[i];
  }
  EXPECT_GT(right, 0);
  EXPECT_LT(right, 7);
}

TEST(MultipleChoice, DoesNotDependOnTheBatchSize) {
  const auto model = tiny_model();
  const Benchmark benchmark = noise_benchmark(11);
  const auto visual = [&](std::size_t i) {
    return model->encode_vision(
        {model->preprocess(noise_frames(1 + static_cast<std::int64_t>(i) % 4, i))});
  };
  const auto scores = [&](std::int64_t batch) {
    return evaluators()
        .create(evaluator_config(batch), "evaluator")
        ->evaluate(*model, benchmark, visual)
        .correct;
  };
  EXPECT_EQ(scores(1), scores(64));
  EXPECT_EQ(scores(3), scores(64));
}

class BenchmarkFileTest : public testing::Test {
 protected:
  fs::path file_ = testing_support::temporary_folder() / "short.jsonl";
  void TearDown() override { fs::remove_all(file_.parent_path()); }
};

TEST_F(BenchmarkFileTest, ReadsQuestionsInOrder) {
  write_file(
      file_,
      "{\"id\":\"a\",\"video\":\"v.mp4\",\"question\":\"Which?\",\"candidates\":[\"x\",\"y\"],"
      "\"answer\":\"y\",\"subtask\":\"colour\",\"duration\":4}\n\n"
      "{\"id\":\"b\",\"image\":\"i.png\",\"question\":\"What?\",\"candidates\":[\"x\"],"
      "\"answer\":\"x\",\"subtask\":\"shape\"}\n");
  const Benchmark benchmark = read_benchmark("short", file_);
  ASSERT_EQ(benchmark.questions.size(), 2U);
  EXPECT_EQ(benchmark.questions[0].correct, 1U);
  EXPECT_EQ(benchmark.questions[0].subtask, "colour");
  EXPECT_EQ(benchmark.questions[0].sample.media[0].kind, Media::Kind::video);
  EXPECT_EQ(benchmark.questions[0].sample.media[0].paths[0], file_.parent_path() / "v.mp4");
  EXPECT_EQ(benchmark.questions[1].sample.modality(), Modality::image);
  EXPECT_EQ(benchmark.questions[1].sample.line, 3);

  const fs::path moved = file_.parent_path() / "moved" / "short.jsonl";
  write_file(moved, read_file(file_));
  EXPECT_EQ(read_benchmark("short", moved).questions[0].sample.content_digest(),
            benchmark.questions[0].sample.content_digest());
}

TEST_F(BenchmarkFileTest, ABadRowIsAnErrorWithItsLine) {
  for (const std::string& row :
       {std::string("{"), std::string("{\"id\":\"a\"}"),
        std::string("{\"id\":\"a\",\"video\":\"v\",\"question\":\"q\",\"candidates\":[\"x\"],"
                    "\"answer\":\"z\",\"subtask\":\"s\"}")}) {
    write_file(file_, "\n" + row + "\n");
    try {
      read_benchmark("short", file_);
      FAIL() << row;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("short.jsonl:2:"));
    }
  }
}

}  // namespace
}  // namespace winnow
