#include "report/paired_tests.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>

#include "core/files.h"
#include "report/overlap.h"
#include "report/statistics.h"

namespace winnow {
namespace {

namespace json = boost::json;

// Computed by SciPy and from definitions: tests/data/report/paired_references.py.
const json::object& references() {
  static const json::object all =
      json::parse(read_file(WINNOW_SOURCE_DIR "/tests/data/report/paired_references.json"))
          .as_object();
  return all;
}

std::vector<double> numbers(const json::value& list) {
  return json::value_to<std::vector<double>>(list);
}

TEST(SignTest, AgreesWithSciPy) {
  for (const json::value& one : references().at("sign_test").as_array()) {
    const double p = one.at("p").to_number<double>();
    EXPECT_NEAR(sign_test(one.at("wins").as_int64(), one.at("losses").as_int64()), p,
                1e-12 + 1e-9 * p);
  }
  EXPECT_EQ(sign_test(0, 0), 1.0);
  EXPECT_EQ(sign_test(17, 3), sign_test(3, 17));
}

TEST(SignFlips, TriedInAllWaysAgreeWithSciPy) {
  for (const json::value& one : references().at("exact_sign_flips").as_array()) {
    EXPECT_NEAR(sign_flip_test(numbers(one.at("differences"))), one.at("p").to_number<double>(),
                1e-12);
  }
  EXPECT_EQ(sign_flip_test({}), 1.0);
  EXPECT_EQ(sign_flip_test({0.0, 0.0}), 1.0);
}

TEST(SignFlips, DrawnAgreeWithSciPyWithinTheirNoise) {
  const json::object& one = references().at("drawn_sign_flips").as_object();
  const double p = one.at("p").to_number<double>();
  const std::vector<double> differences = numbers(one.at("differences"));
  // Four standard errors of the share of 20,000 draws.
  EXPECT_NEAR(sign_flip_test(differences, {20'000, 1}), p, 4 * std::sqrt(p * (1 - p) / 20'000));
  EXPECT_EQ(sign_flip_test(differences, {500, 3}), sign_flip_test(differences, {500, 3}));
  // No share of draws is 0: the observed signs are one of the ways.
  EXPECT_DOUBLE_EQ(sign_flip_test(std::vector<double>(40, 1.0), {99, 0}), 0.01);
}

TEST(SignFlips, TestAWeightedMeanByDifferencesThatHoldTheirWeights) {
  // One question that weighs as much as four others against it decides nothing.
  EXPECT_EQ(sign_flip_test({4, -1, -1, -1, -1}), 1.0);
  EXPECT_DOUBLE_EQ(sign_flip_test({4, 1, 1, 1, 1}), 2.0 / 32);
}

TEST(Holm, AgreesWithItsDefinition) {
  for (const json::value& one : references().at("holm").as_array()) {
    const std::vector<double> adjusted = holm(numbers(one.at("p")));
    const std::vector<double> expected = numbers(one.at("adjusted"));
    ASSERT_EQ(adjusted.size(), expected.size());
    for (std::size_t i = 0; i < adjusted.size(); ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-15);
  }
  EXPECT_TRUE(holm({}).empty());
}

TEST(PairedBootstrap, AgreesWithSciPyForOneSeed) {
  const json::object& one = references().at("paired_bootstrap").as_object();
  BootstrapOptions options;
  options.draws = 20'000;
  const Estimate ours =
      paired_bootstrap({{numbers(one.at("a"))}}, {{numbers(one.at("b"))}}, options);
  const double error = one.at("standard_error").to_number<double>();
  EXPECT_NEAR(ours.standard_error, error, 0.03 * error);
  // Percentiles of means of 200 differences lie on steps of 0.005.
  EXPECT_NEAR(ours.interval.low, one.at("low").to_number<double>(), 0.0051);
  EXPECT_NEAR(ours.interval.high, one.at("high").to_number<double>(), 0.0051);
}

TEST(RankBiasedOverlap, AgreesWithItsDefinition) {
  for (const json::value& one : references().at("rank_biased_overlap").as_array()) {
    const auto a = json::value_to<std::vector<std::string>>(one.at("a"));
    const auto b = json::value_to<std::vector<std::string>>(one.at("b"));
    const double persistence = one.at("persistence").to_number<double>();
    const double expected = one.at("value").to_number<double>();
    EXPECT_NEAR(rank_biased_overlap(a, b, persistence), expected, 1e-9);
    EXPECT_NEAR(rank_biased_overlap(b, a, persistence), expected, 1e-9);
  }
  EXPECT_EQ(rank_biased_overlap({}, {}, 0.9), 1.0);
  EXPECT_EQ(rank_biased_overlap({"a"}, {}, 0.9), 0.0);
}

TEST(Jaccard, IsWhatBothHaveOfWhatEitherHas) {
  EXPECT_DOUBLE_EQ(jaccard({"a", "b", "c"}, {"c", "d"}), 0.25);
  EXPECT_EQ(jaccard({"a"}, {"b"}), 0.0);
  EXPECT_EQ(jaccard({"b", "a"}, {"a", "b"}), 1.0);
  EXPECT_EQ(jaccard({}, {}), 1.0);
}

}  // namespace
}  // namespace winnow
