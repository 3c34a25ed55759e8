#include "models/token_sampling.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace winnow {
namespace {

std::array<double, 4> shares(const TokenSampling& sampling) {
  // Probabilities 0.5, 0.1, 0.3, 0.1 at temperature 1.
  const torch::Tensor logits = torch::tensor({0.5, 0.1, 0.3, 0.1}).log();
  RandomStream stream(1, "test/sampling");
  std::array<double, 4> result{};
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) {
    result[static_cast<std::size_t>(sample_token(logits, sampling, stream))] += 1.0 / kDraws;
  }
  return result;
}

TEST(TokenSamplingTest, DrawsByProbability) {
  const auto found = shares({});
  EXPECT_NEAR(found[0], 0.5, 0.02);
  EXPECT_NEAR(found[1], 0.1, 0.02);
  EXPECT_NEAR(found[2], 0.3, 0.02);
  EXPECT_NEAR(found[3], 0.1, 0.02);
}

TEST(TokenSamplingTest, TemperatureSharpens) {
  const auto found = shares({.temperature = 0.5});
  EXPECT_NEAR(found[0], 0.25 / 0.36, 0.02);
  EXPECT_NEAR(found[2], 0.09 / 0.36, 0.02);
  EXPECT_EQ(shares({.temperature = 0.0})[0], shares({.top_p = 0.01})[0]);
  EXPECT_NEAR(shares({.temperature = 0.0})[0], 1.0, 1e-9);
}

TEST(TokenSamplingTest, NucleusKeepsTheLikeliestThatReachIt) {
  const auto found = shares({.top_p = 0.6});
  EXPECT_NEAR(found[0], 0.5 / 0.8, 0.02);
  EXPECT_NEAR(found[2], 0.3 / 0.8, 0.02);
  EXPECT_EQ(found[1] + found[3], 0.0);
  const auto wider = shares({.top_p = 0.85});  // of equals the first
  EXPECT_GT(wider[1], 0.0);
  EXPECT_EQ(wider[3], 0.0);
}

TEST(TokenSamplingTest, TakesOneNumberFromTheStreamWhateverTheOptions) {
  const torch::Tensor logits = torch::linspace(0, 1, 50);
  RandomStream plain(7, "test/one");
  plain.uniform();
  const double next = plain.uniform();
  for (const TokenSampling& sampling :
       {TokenSampling{}, TokenSampling{.temperature = 0.0}, TokenSampling{.top_p = 0.5}}) {
    RandomStream stream(7, "test/one");
    sample_token(logits, sampling, stream);
    EXPECT_EQ(stream.uniform(), next);
  }
}

}  // namespace
}  // namespace winnow
