#include "report/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace winnow {
namespace {

// Scores of `seeds` runs on benchmarks of `questions` each, right with probability `accuracy`.
Scores make_scores(std::size_t seeds, std::size_t benchmarks, std::size_t questions,
                   double accuracy, std::uint64_t seed) {
  RandomStream random(seed, "tests/answers");
  Scores answers(seeds);
  for (auto& of_seed : answers) {
    of_seed.resize(benchmarks);
    for (auto& benchmark : of_seed) {
      for (std::size_t q = 0; q < questions; ++q) benchmark.push_back(random.chance(accuracy));
    }
  }
  return answers;
}

TEST(Wilson, MatchesHandComputedIntervals) {
  // 8 of 10 at 95 %: centre (0.8 + 0.192073) / 1.384146, half-width by the formula.
  const Interval eight = wilson_interval(8, 10);
  EXPECT_DOUBLE_EQ(eight.value, 0.8);
  EXPECT_NEAR(eight.low, 0.490163, 1e-5);
  EXPECT_NEAR(eight.high, 0.943318, 1e-5);
  // None of n: the upper end is z^2 / (n + z^2).
  const Interval none = wilson_interval(0, 20);
  EXPECT_DOUBLE_EQ(none.low, 0.0);
  EXPECT_NEAR(none.high, 3.841459 / 23.841459, 1e-6);
  const Interval all = wilson_interval(20, 20);
  EXPECT_NEAR(all.low, 1 - 3.841459 / 23.841459, 1e-6);
  EXPECT_DOUBLE_EQ(all.high, 1.0);
  EXPECT_LT(wilson_interval(5, 10, 0.5).high, wilson_interval(5, 10, 0.95).high);
}

TEST(MeanAccuracy, AveragesBenchmarksNotQuestions) {
  const Scores answers = {{{1, 1, 1, 1}, {0, 1}}, {{1, 1, 0, 0}, {0, 0}}};
  EXPECT_DOUBLE_EQ(mean_accuracy(answers), (1.0 + 0.5 + 0.5 + 0.0) / 4);
  EXPECT_DOUBLE_EQ(mean_accuracy(answers, {0, 1}), 0.25);
}

TEST(MeanAccuracy, WeighsBenchmarksAndTakesPartsOfAPoint) {
  const Scores scores = {{{0.25, 0.75}, {1, 0}}, {{1, 0.5}, {0, 0}}};
  EXPECT_DOUBLE_EQ(mean_accuracy(scores), (0.5 + 0.5 + 0.75 + 0.0) / 4);
  EXPECT_DOUBLE_EQ(mean_accuracy(scores, {3, 1}), (3 * 0.5 + 0.5 + 3 * 0.75 + 0.0) / 8);
  EXPECT_DOUBLE_EQ(mean_accuracy(scores, {0, 2}), 0.25);
  EXPECT_EQ(mean_accuracy(scores, {5, 5}), mean_accuracy(scores));
  EXPECT_THROW(mean_accuracy(scores, {1}), std::logic_error);
  EXPECT_THROW(mean_accuracy(scores, {1, -1}), std::logic_error);
  EXPECT_THROW(mean_accuracy(scores, {0, 0}), std::logic_error);
}

// Draws, and the order in which they are summed, are part of every printed table.
TEST(Bootstrap, ComesOutAsRecorded) {
  const Scores method = make_scores(3, 4, 37, 0.6, 1), reference = make_scores(3, 4, 37, 0.5, 2);
  const Estimate accuracy = bootstrap_accuracy(method, {500, 0.95, 7});
  EXPECT_EQ(mean_accuracy(method), 0x1.39a85c40939a7p-1);
  EXPECT_EQ(accuracy.interval.value, 0x1.39a85c40939a7p-1);
  EXPECT_EQ(accuracy.interval.low, 0x1.09c5e18e879c6p-1);
  EXPECT_EQ(accuracy.interval.high, 0x1.67c8a60dd67c9p-1);
  EXPECT_EQ(accuracy.standard_error, 0x1.7b4016bc1b093p-5);
  const Estimate difference = paired_bootstrap(method, reference, {500, 0.95, 7});
  EXPECT_EQ(difference.interval.value, 0x1.d67c8a60dd67cp-4);
  EXPECT_EQ(difference.interval.low, 0x1.6d51a4ab96d6bp-8);
  EXPECT_EQ(difference.interval.high, 0x1.acf914c1bacfap-3);
  EXPECT_EQ(difference.standard_error, 0x1.ae0fe9941ef24p-5);
}

// A benchmark that weighs nothing might as well not be asked.
TEST(Bootstrap, WeighsBenchmarks) {
  Scores method = make_scores(2, 2, 200, 0.6, 1);
  const Scores reference = make_scores(2, 2, 200, 0.5, 2);
  const BootstrapOptions options{1000, 0.95, 3, {1, 0}};
  const Estimate before = paired_bootstrap(method, reference, options);
  for (auto& seed : method) seed[1].assign(200, 1.0);
  const Estimate after = paired_bootstrap(method, reference, options);
  EXPECT_EQ(before.interval.value, after.interval.value);
  EXPECT_EQ(before.interval.low, after.interval.low);
  EXPECT_EQ(before.standard_error, after.standard_error);
  EXPECT_NE(before.interval.value, paired_bootstrap(method, reference).interval.value);
}

// Half a point for every question has no spread; half of the questions right has.
TEST(Bootstrap, TakesScoresBetweenRightAndWrong) {
  const Scores halves = {{{0.5, 0.5, 0.5, 0.5}}};
  EXPECT_EQ(bootstrap_accuracy(halves).standard_error, 0.0);
  EXPECT_EQ(bootstrap_accuracy(halves).interval.value, 0.5);
  EXPECT_GT(bootstrap_accuracy({{{1, 0, 1, 0}}}).standard_error, 0.2);
  EXPECT_THROW(bootstrap_accuracy({{{1, 1.5}}}), std::logic_error);
  EXPECT_THROW(bootstrap_accuracy({{{1, std::nan("")}}}), std::logic_error);
}

// One seed, one benchmark: the spread is that of a mean of independent differences.
TEST(PairedBootstrap, HasTheStandardErrorOfAMean) {
  const Scores method = make_scores(1, 1, 1000, 0.6, 1);
  const Scores reference = make_scores(1, 1, 1000, 0.5, 2);
  double mean = 0, squares = 0;
  for (std::size_t q = 0; q < 1000; ++q) {
    mean += (method[0][0][q] - reference[0][0][q]) / 1000.0;
  }
  for (std::size_t q = 0; q < 1000; ++q) {
    squares += std::pow(method[0][0][q] - reference[0][0][q] - mean, 2);
  }
  const double expected = std::sqrt(squares / 1000 / 1000);
  const Estimate estimate = paired_bootstrap(method, reference, {4000, 0.95, 3});
  EXPECT_NEAR(estimate.interval.value, mean, 1e-12);
  EXPECT_NEAR(estimate.standard_error, expected, 0.06 * expected);
  EXPECT_NEAR(estimate.interval.low, mean - 1.96 * expected, 0.2 * expected);
  EXPECT_NEAR(estimate.interval.high, mean + 1.96 * expected, 0.2 * expected);
}

// Over many repetitions an interval of 95 % contains the true difference about that often.
TEST(PairedBootstrap, CoversTheTrueDifference) {
  int covered = 0;
  constexpr int repetitions = 300;
  for (int i = 0; i < repetitions; ++i) {
    const auto seed = static_cast<std::uint64_t>(i);
    const Scores method = make_scores(1, 2, 150, 0.6, 2 * seed);
    const Scores reference = make_scores(1, 2, 150, 0.5, 2 * seed + 1);
    const Interval interval = paired_bootstrap(method, reference, {300, 0.95, seed}).interval;
    if (interval.low <= 0.1 && 0.1 <= interval.high) ++covered;
  }
  EXPECT_GE(covered, 0.90 * repetitions);
  EXPECT_LE(covered, 0.99 * repetitions);
}

TEST(PairedBootstrap, PairsQuestionsAndCountsSeeds) {
  const Scores method = make_scores(3, 2, 200, 0.5, 1);
  // Equal answers: no spread at all, where unpaired draws would have one.
  const Estimate same = paired_bootstrap(method, method);
  EXPECT_EQ(same.standard_error, 0.0);
  EXPECT_FALSE(same.significant());
  // All spread comes from seeds: one seed all right, the other all wrong.
  const Scores right = {{{1, 1, 1, 1}}, {{0, 0, 0, 0}}};
  const Scores wrong = {{{0, 0, 0, 0}}, {{0, 0, 0, 0}}};
  const Estimate seeds = paired_bootstrap(right, wrong, {4000, 0.95, 1});
  EXPECT_DOUBLE_EQ(seeds.interval.value, 0.5);
  // The draws are 0, 1/2, 1 with shares 1/4, 1/2, 1/4.
  EXPECT_NEAR(seeds.standard_error, std::sqrt(0.125), 0.02);
  EXPECT_DOUBLE_EQ(seeds.interval.low, 0.0);
  EXPECT_DOUBLE_EQ(seeds.interval.high, 1.0);
}

TEST(PairedBootstrap, IsSeededAndStrict) {
  const Scores method = make_scores(2, 2, 50, 0.6, 1), other = make_scores(2, 2, 50, 0.5, 2);
  const Estimate first = paired_bootstrap(method, other, {500, 0.95, 7});
  const Estimate again = paired_bootstrap(method, other, {500, 0.95, 7});
  EXPECT_EQ(first.interval.low, again.interval.low);
  EXPECT_EQ(first.standard_error, again.standard_error);
  EXPECT_NE(first.standard_error, paired_bootstrap(method, other, {500, 0.95, 8}).standard_error);
  EXPECT_THROW(paired_bootstrap(method, make_scores(3, 2, 50, 0.5, 2)), std::logic_error);
  EXPECT_THROW(paired_bootstrap(method, make_scores(2, 2, 49, 0.5, 2)), std::logic_error);
  EXPECT_THROW(mean_accuracy(Scores{}), std::logic_error);
  EXPECT_THROW(mean_accuracy(Scores{{{}}}), std::logic_error);
}

TEST(SamplesToReach, InterpolatesFromTheBase) {
  const std::vector<CheckpointAccuracy> curve = {{100, 0.5}, {200, 0.4}, {300, 0.6}};
  EXPECT_DOUBLE_EQ(*samples_to_reach(0.45, 0.4, curve), 50.0);
  EXPECT_DOUBLE_EQ(*samples_to_reach(0.5, 0.4, curve), 100.0);
  EXPECT_DOUBLE_EQ(*samples_to_reach(0.55, 0.4, curve), 275.0);
  EXPECT_DOUBLE_EQ(*samples_to_reach(0.3, 0.4, curve), 0.0);  // the base is there already
  EXPECT_EQ(samples_to_reach(0.61, 0.4, curve), std::nullopt);
  EXPECT_EQ(samples_to_reach(0.5, 0.4, {}), std::nullopt);
}

}  // namespace
}  // namespace winnow
