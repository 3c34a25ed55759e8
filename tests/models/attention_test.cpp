#include "models/attention.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/forward_grad.h>

#include <cmath>
#include <limits>
#include <vector>

namespace winnow {
namespace {

// Heads 4, groups 2, queries 3, keys 5, width 6.
struct Inputs {
  torch::Tensor q = torch::randn({2, 4, 3, 6}, torch::kDouble);
  torch::Tensor k = torch::randn({2, 2, 5, 6}, torch::kDouble);
  torch::Tensor v = torch::randn({2, 2, 5, 6}, torch::kDouble);
  torch::Tensor mask = torch::zeros({3, 5}, torch::kDouble);
  Inputs() { mask[0][4] = -std::numeric_limits<double>::infinity(); }
};

class AttentionTest : public testing::Test {
 protected:
  AttentionTest() { torch::manual_seed(1); }
};

TEST_F(AttentionTest, IsAMeanOfTheValuesByTheSoftmaxOfTheScores) {
  const torch::Tensor q = torch::tensor({2.0, 0.0, 0.0, 0.0}).reshape({1, 1, 1, 4});
  const torch::Tensor k = torch::tensor({{1.0, 0.0, 0.0, 0.0}, {3.0, 9.0, 0.0, 0.0}});
  const torch::Tensor v = torch::tensor({{1.0, 0.0, 5.0, 0.0}, {2.0, 0.0, 5.0, 1.0}});
  // Scores 2 / sqrt(4) and 6 / sqrt(4).
  const double second = 1.0 / (1.0 + std::exp(-2.0));
  const torch::Tensor expected = torch::tensor({1.0 + second, 0.0, 5.0, second});
  const auto seen = [&](const torch::Tensor& mask) {
    return attention(q, k.view({1, 1, 2, 4}), v.view({1, 1, 2, 4}), mask).flatten();
  };
  EXPECT_TRUE(torch::allclose(seen({}), expected, 1e-6, 1e-6));
  const torch::Tensor first_only = torch::tensor({{0.0F, -std::numeric_limits<float>::infinity()}});
  EXPECT_TRUE(torch::allclose(seen(first_only), v[0], 1e-6, 1e-6));
}

TEST_F(AttentionTest, QueryHeadsShareKeysAndThePlainOneIsTheSame) {
  const Inputs x;
  for (const torch::Tensor& mask : {torch::Tensor(), x.mask}) {
    const torch::Tensor seen = attention(x.q, x.k, x.v, mask);
    const auto heads = [&](std::int64_t head) {
      const auto one = [](const torch::Tensor& t, std::int64_t i) { return t.slice(1, i, i + 1); };
      return attention(one(x.q, head), one(x.k, head / 2), one(x.v, head / 2), mask);
    };
    EXPECT_TRUE(
        torch::allclose(seen, torch::cat({heads(0), heads(1), heads(2), heads(3)}, 1), 0, 1e-12));
    const PlainAttention plain;
    EXPECT_TRUE(torch::allclose(seen, attention(x.q, x.k, x.v, mask), 0, 1e-12));
  }
}

TEST_F(AttentionTest, RowsComputedInPartsAreTheSame) {
  const Inputs x;
  const torch::Tensor by_sample = torch::randn({2, 1, 3, 5}, torch::kDouble);
  const torch::Tensor one_row = torch::randn({2, 1, 1, 5}, torch::kDouble);
  for (const torch::Tensor& mask : {torch::Tensor(), x.mask, by_sample, one_row}) {
    const PlainAttention plain;
    const auto gradients = [&](double bytes) {
      const AttentionMemory memory(bytes);
      std::vector<torch::Tensor> inputs;
      for (const torch::Tensor& input : {x.q, x.k, x.v}) {
        inputs.push_back(input.detach().clone().requires_grad_());
      }
      const torch::Tensor seen = attention(inputs[0], inputs[1], inputs[2], mask);
      std::vector<torch::Tensor> result =
          torch::autograd::grad({seen.pow(2).sum()}, inputs, {}, true);
      result.push_back(seen);
      return result;
    };
    // A row of scores takes 2 x 4 x 5 x 8 bytes.
    const auto whole = gradients(kLargestScores), parts = gradients(320.0);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      EXPECT_TRUE(torch::allclose(whole[i], parts[i], 0, 1e-12)) << i;
    }
  }
}

// Derivatives along a direction against central differences.
TEST_F(AttentionTest, ThePlainOneHasSecondAndForwardDerivatives) {
  const Inputs x;
  const torch::Tensor along = torch::randn_like(x.k);
  constexpr double kStep = 1e-5;
  const PlainAttention plain;
  const auto value = [&](const torch::Tensor& k) {
    return attention(x.q, k, x.v, x.mask).pow(2).sum();
  };
  const auto slope = [&](const torch::Tensor& k, bool create_graph) {
    return torch::autograd::grad({value(k)}, {k}, {}, create_graph, create_graph)[0];
  };
  const auto shifted = [&](double by) { return (x.k + by * along).requires_grad_(); };

  const torch::Tensor k = shifted(0.0);
  const torch::Tensor bent = torch::autograd::grad({slope(k, true)}, {k}, {along})[0];
  const torch::Tensor difference =
      (slope(shifted(kStep), false) - slope(shifted(-kStep), false)) / (2 * kStep);
  EXPECT_GT(difference.abs().max().item<double>(), 1e-2);
  EXPECT_TRUE(torch::allclose(bent, difference, 1e-5, 1e-7));

  const torch::NoGradGuard no_gradients;
  const std::uint64_t level = torch::autograd::ForwardADLevel::get_next_idx();
  const torch::Tensor tangent = value(at::_make_dual(x.k, along, level))._fw_grad(level).clone();
  torch::autograd::ForwardADLevel::release_idx(level);
  EXPECT_NEAR(tangent.item<double>(),
              ((value(shifted(kStep)) - value(shifted(-kStep))) / (2 * kStep)).item<double>(),
              1e-6);
}

}  // namespace
}  // namespace winnow
