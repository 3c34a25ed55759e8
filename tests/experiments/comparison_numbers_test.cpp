#include "experiments/comparison/comparison_numbers.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "core/errors.h"
#include "experiments/comparison/comparison_tables.h"

namespace winnow {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;

// `right` of 100 answers, the right ones first.
BenchmarkScores scores_with(int right, const std::string& name = "short") {
  BenchmarkScores scores{name, std::vector<double>(100, 0.0)};
  for (int i = 0; i < right; ++i) scores.scores[static_cast<std::size_t>(i)] = 1.0;
  return scores;
}

MethodRun run_with(std::vector<int> right_by_checkpoint, std::int64_t samples_each) {
  MethodRun run;
  std::int64_t samples = 0;
  for (const int right : right_by_checkpoint) {
    samples += samples_each;
    run.checkpoints.push_back({samples, {scores_with(right), scores_with(right, "long")}});
  }
  run.composition = {{"rows", samples}, {"image", 1.0},
                     {"video", 0.0},    {"text", 0.0},
                     {"temporal", 0.0}, {"labels", {{"wrong", 0.5}, {"blind", 0.0}}}};
  run.training_cpu_seconds = 4.0;
  return run;
}

class ComparisonNumbersTest : public testing::Test {
 protected:
  ComparisonNumbersTest() {
    results_.benchmarks = {{"short"}, {"long"}};
    results_.replicates = {{100, 0}, {101, 0}};
    WorldResult world;
    world.seed = 100;
    world.base_scores = {scores_with(20), scores_with(20, "long")};
    world.shared_cpu_seconds = {{"world", 1.0}};
    world.screening = {{"pool", 1000},
                       {"questions", 200},
                       {"contaminated", 3},
                       {"duplicates", 17},
                       {"decontaminated", true}};
    // The first 40 questions of each benchmark are of one subtask and have two candidates each.
    std::vector<QuestionKind> kinds(100, {"", "shape", 0.25});
    std::fill_n(kinds.begin(), 40, QuestionKind{"", "colour", 0.5});
    world.questions = {kinds, kinds};
    results_.worlds = {world};
    MethodRun base;
    base.checkpoints = {{0, world.base_scores}};
    results_.methods = {
        {"base", "Base", Role::base, {base, base}},
        {"uni_1x", "Uni-1x", Role::control, {run_with({22, 24}, 50), run_with({22, 26}, 50)}},
        {"uni_10x", "Uni-10x", Role::reference, {run_with({30, 40}, 500), run_with({30, 44}, 500)}},
        {"good", "Good", Role::method, {run_with({38, 60}, 50), run_with({38, 60}, 50)}},
        {"bad", "Bad", Role::method, {run_with({21, 22}, 50), run_with({21, 22}, 50)}},
        {"oracle", "Oracle", Role::oracle, {run_with({50, 70}, 50), run_with({50, 70}, 50)}}};
    results_.methods[3].runs[0].descriptor_cpu_seconds = 10.0;
    results_.methods[3].runs[1].descriptor_cpu_seconds = 10.0;
    results_.methods[3].runs[1].selection_cpu_seconds = 2.0;
  }

  ComparisonNumbers numbers() const { return numbers_of(results_, options_); }

  ComparisonResults results_;
  ComparisonOptions options_;
};

TEST_F(ComparisonNumbersTest, AccuraciesAreMeansOverSeedsInPoints) {
  const MethodNumbers reference = numbers().with(Role::reference);
  EXPECT_DOUBLE_EQ(reference.benchmarks[0].mean, 42.0);
  EXPECT_NEAR(reference.average.mean, 42.0, 1e-9);
  EXPECT_NEAR(reference.average.spread, std::sqrt(8.0), 1e-9);
  EXPECT_EQ(reference.rows, 1000);
  EXPECT_FALSE(reference.difference.has_value());
}

TEST_F(ComparisonNumbersTest, DifferencesArePairedWithTheReference) {
  const ComparisonNumbers found = numbers();
  const Estimate good = found.methods[3].difference.value();
  EXPECT_NEAR(good.interval.value, 18.0, 1e-9);
  EXPECT_GT(good.interval.low, 0.0);
  EXPECT_TRUE(good.significant());
  EXPECT_LT(found.methods[4].difference->interval.high, 0.0);
  // The base answers what the control answers but for a few questions, of which the interval knows.
  const Estimate base = found.methods[0].difference.value();
  EXPECT_NEAR(base.interval.value, -22.0, 1e-9);
  EXPECT_LT(base.interval.high - base.interval.low, 20.0);
}

TEST_F(ComparisonNumbersTest, BenchmarksHaveIntervalsAroundTheirAccuracy) {
  const MethodNumbers good = numbers().methods[3];
  ASSERT_EQ(good.benchmark_intervals.size(), 2u);
  EXPECT_NEAR(good.benchmark_intervals[0].value, 60.0, 1e-9);
  // Of 100 questions: a standard error of 4.9 points.
  EXPECT_NEAR(good.benchmark_intervals[0].low, 60 - 1.96 * 4.9, 1.5);
  EXPECT_NEAR(good.benchmark_intervals[0].high, 60 + 1.96 * 4.9, 1.5);
}

TEST_F(ComparisonNumbersTest, SubtasksPoolBenchmarksAndAverageSeeds) {
  const ComparisonNumbers found = numbers();
  ASSERT_EQ(found.subtasks.size(), 2u);
  const SubtaskNumbers& colour = found.subtasks[0];
  const SubtaskNumbers& shape = found.subtasks[1];
  EXPECT_EQ(colour.name, "colour");
  EXPECT_EQ(colour.questions, 80);
  EXPECT_DOUBLE_EQ(colour.chance.value(), 50.0);
  EXPECT_EQ(shape.questions, 120);
  EXPECT_DOUBLE_EQ(shape.chance.value(), 25.0);
  // The reference has 40 right with one seed and 44 with the other, the first ones first.
  EXPECT_DOUBLE_EQ(colour.accuracies[2].value, 100.0);
  EXPECT_NEAR(shape.accuracies[2].value, 100.0 * 2 / 60, 1e-9);
  EXPECT_DOUBLE_EQ(shape.accuracies[0].value, 0.0);
  // Wilson's interval for 40 of 80: the base has 20 of 40 in each benchmark.
  EXPECT_DOUBLE_EQ(colour.accuracies[0].value, 50.0);
  EXPECT_NEAR(colour.accuracies[0].low, 39.29, 0.01);
  EXPECT_NEAR(colour.accuracies[0].high, 60.71, 0.01);
}

// Wilson's interval is of counts; scores between right and wrong get one by bootstrap, and the
// table says which it is.
TEST_F(ComparisonNumbersTest, SubtasksTakeScoresBetweenRightAndWrong) {
  const auto note = [&] { return subtask_table(numbers(), options_).notes.front(); };
  EXPECT_THAT(note(), HasSubstr("95 % Wilson intervals"));
  const double before = numbers().subtasks[1].accuracies[3].value;
  auto& scores = results_.methods[3].runs[0].checkpoints.back().scores[0].scores;
  scores[99] = 0.25;
  const SubtaskNumbers shape = numbers().subtasks[1];
  EXPECT_NEAR(shape.accuracies[3].value, before + 100 * 0.25 / (2 * shape.questions), 1e-9);
  EXPECT_LT(shape.accuracies[3].low, shape.accuracies[3].value);
  EXPECT_GT(shape.accuracies[3].high, shape.accuracies[3].value);
  EXPECT_THAT(note(), HasSubstr("95 % bootstrap intervals"));

  results_.worlds[0].questions[0][0].chance.reset();
  EXPECT_EQ(numbers().subtasks[0].chance, std::nullopt);
  const Table table = subtask_table(numbers(), options_);
  EXPECT_EQ(table.rows[0].cells[2].value(), nullptr);
  EXPECT_NE(table.rows[1].cells[2].value(), nullptr);
}

TEST_F(ComparisonNumbersTest, TheSubtaskTableHasIntervalsForBaseReferenceAndTheBestMethod) {
  const Table table = subtask_table(numbers(), options_);
  ASSERT_EQ(table.rows.size(), 2u);
  const auto has_interval = [&](std::size_t column) {
    return std::holds_alternative<TableCell::Measured>(table.rows[0].cells.at(column).content);
  };
  EXPECT_TRUE(has_interval(3));   // base
  EXPECT_FALSE(has_interval(4));  // control
  EXPECT_TRUE(has_interval(5));   // reference
  EXPECT_TRUE(has_interval(6));   // good
  EXPECT_FALSE(has_interval(7));  // bad
  EXPECT_FALSE(has_interval(8));  // oracle
}

TEST_F(ComparisonNumbersTest, AnswersToOtherQuestionsAreRefused) {
  results_.worlds[0].questions[1].pop_back();
  EXPECT_THROW(numbers(), DataError);
}

TEST_F(ComparisonNumbersTest, AMatchIsInterpolatedBetweenCheckpoints) {
  const ComparisonNumbers found = numbers();
  // 38 at 50 samples, 60 at 100: 42 lies 4 / 22 of the way.
  EXPECT_NEAR(found.methods[3].match_samples.value(), 50.0 + 50.0 * 4.0 / 22.0, 1e-9);
  EXPECT_NEAR(found.methods[3].reduction.value(), 1000.0 / (50.0 + 50.0 * 4.0 / 22.0), 1e-9);
  EXPECT_FALSE(found.methods[4].match_samples.has_value());
  EXPECT_FALSE(found.methods[4].reduction.has_value());
}

TEST_F(ComparisonNumbersTest, CostsAreMeansWithTheWholeDescriptorPass) {
  const MethodNumbers good = numbers().methods[3];
  EXPECT_DOUBLE_EQ(good.selection_cpu_seconds, 11.0);
  EXPECT_DOUBLE_EQ(good.training_cpu_seconds, 4.0);
}

TEST_F(ComparisonNumbersTest, ThePrecheckSaysWhetherASelectorCouldWin) {
  const Table could = precheck_table(numbers());
  EXPECT_THAT(could.notes, testing::Contains(HasSubstr("reaches Uni-10x (+28.0 points)")));
  results_.methods[5] = {
      "oracle", "Oracle", Role::oracle, {run_with({25, 30}, 50), run_with({25, 30}, 50)}};
  const Table could_not = precheck_table(numbers());
  EXPECT_THAT(could_not.notes, testing::Contains(HasSubstr("does NOT reach Uni-10x")));
  EXPECT_THAT(could_not.notes, testing::Contains(HasSubstr("no selector could")));
}

TEST_F(ComparisonNumbersTest, TheTableKeepsTheOracleOutAndSaysNotReached) {
  const std::string text = to_terminal({main_table(numbers(), results_, options_)}, false);
  EXPECT_THAT(text, testing::Not(HasSubstr("Oracle")));
  EXPECT_THAT(text, HasSubstr("not reached"));
  EXPECT_THAT(text, HasSubstr("+18.0"));
  EXPECT_THAT(text, HasSubstr("16.9x"));
  EXPECT_THAT(text, HasSubstr("one pool and one base model"));
}

TEST_F(ComparisonNumbersTest, AllTablesRenderInAllFormats) {
  results_.worlds[0].detection = {
      {"loss", {{"all", 0.7}, {"image", nullptr}, {"video", 0.6}, {"valid", 10}}}};
  Published published;
  published.title = "a paper";
  published.benchmarks = {"A", "B"};
  published.methods["uni_10x"] = {"Uni-10x", 1000, {50.0, 60.0}, {}, ""};
  published.methods["good"] = {"Good", 100, {52.0, 62.0}, {10.0, 20.0}, "a reservation"};
  const std::vector<Table> tables = comparison_tables(numbers(), results_, options_, published);
  EXPECT_EQ(tables.size(), 9u);
  for (const std::string& text : {to_terminal(tables, false), to_markdown(tables), to_latex(tables),
                                  to_csv(tables), to_json(tables)}) {
    EXPECT_THAT(text, HasSubstr("PUBLISHED at paper scale"));
    EXPECT_THAT(text, HasSubstr("Oracle"));
  }
  EXPECT_THAT(to_markdown(tables), HasSubstr("a reservation"));
}

}  // namespace
}  // namespace winnow
