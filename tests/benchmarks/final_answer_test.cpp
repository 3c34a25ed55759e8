#include "benchmarks/final_answer.h"

#include <gtest/gtest.h>

#include "benchmarks/evaluator.h"
#include "models/micro_fixture.h"

namespace winnow {
namespace {

using testing_support::noise_frames;
using testing_support::tiny_model;

TEST(FinalAnswer, IsWhatFollowsTheLastMarker) {
  EXPECT_EQ(final_answer("2 plus 1 is 3. The answer is 3.", "answer is"), "3");
  EXPECT_EQ(final_answer("The answer is 2. No, the answer is: 16 .", "answer is"), "16");
  EXPECT_EQ(final_answer("The answer is left of it.\nThat is all.", "answer is"), "left of it");
  EXPECT_EQ(final_answer(" red. ", "answer is"), "red");
  EXPECT_EQ(final_answer("The answer is", "answer is"), "");
  EXPECT_EQ(final_answer("", "answer is"), "");
}

// What the model says is what counts: its own greedy answer is right, any other is wrong, whatever
// batch it is asked in.
TEST(FinalAnswer, AsksGreedilyAndAloneInABatch) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const auto visual = [&](std::size_t i) {
    return model->encode_vision(
        {model->preprocess(noise_frames(1 + static_cast<std::int64_t>(i) % 4, i))});
  };
  Benchmark benchmark{"noise", {}};
  for (std::size_t i = 0; i < 6; ++i) {
    Question question;
    question.id = std::to_string(i);
    question.sample = testing_support::question_sample(question.id, "red");
    std::vector<RandomStream> streams = {RandomStream(i, "unused")};
    const std::string said =
        model
            ->sample_answers(*model->prefill({model->input(question.sample, visual(i))}), 1, 5, 0.0,
                             streams)
            .front()
            .front();
    question.candidates = {final_answer(said, "answer is"), "something else"};
    question.correct = i % 2;
    benchmark.questions.push_back(std::move(question));
  }
  for (const std::int64_t batch_size : {1, 4, 64}) {
    config::Value table;
    table.set("type", {std::string("final_answer"), {"test", 1}});
    table.set("batch_size", {batch_size, {"test", 1}});
    table.set("maximum_tokens", {std::int64_t{5}, {"test", 1}});
    const BenchmarkScores scores =
        evaluators().create(table, "evaluator")->evaluate(*model, benchmark, visual);
    EXPECT_EQ(scores.correct, (std::vector<std::uint8_t>{1, 0, 1, 0, 1, 0})) << batch_size;
  }
}

}  // namespace
}  // namespace winnow
