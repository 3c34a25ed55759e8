// One-step utility and its cheaper forms against numbers worked out by hand.

#include <gmock/gmock.h>

#include <numeric>

#include "core/random.h"
#include "support.h"

namespace winnow {
namespace {

using test::Hand;
using test::make_utility;
using test::Point;
using test::scores;
using test::value_of;

class TwoParameters : public testing::Test {
 protected:
  const std::vector<Point> points_ = {{0.5, 1.0}, {-1.2, 0.3}, {2.0, -0.7}, {0.1, 0.9}};
  const std::vector<Point> anchor_points_ = {{0.4, 0.8}, {1.1, 0.2}, {-0.6, -0.9}};
  const Hand hand_{0.8, 1.3};
  test::TwoParameterModel model_{0.8, 1.3};
  const std::vector<Sample> samples_ = test::point_samples(points_);
  const std::vector<UtilityInput> batch_ = test::inputs_of(model_, samples_);
  const std::vector<AnchorSet> anchors_ = {
      test::anchor_set(model_, test::point_samples(anchor_points_))};

  std::vector<double> of(const std::string& type, test::OptionList options) {
    return scores(model_, *make_utility(type, options), anchors_, batch_);
  }
  double one_step_by_hand(const Point& point, double eta, double scale_a = 1, double scale_b = 1) {
    const auto [ga, gb] = hand_.gradient(point);
    const Hand moved{hand_.a - eta * scale_a * ga, hand_.b - eta * scale_b * gb};
    return hand_.mean_loss(anchor_points_) - moved.mean_loss(anchor_points_);
  }
  double first_order_by_hand(const Point& point, double eta) {
    const auto [ga, gb] = hand_.gradient(point);
    const auto [va, vb] = hand_.mean_gradient(anchor_points_);
    return eta * (ga * va + gb * vb);
  }
};

TEST_F(TwoParameters, OneStepIsTheFallOfTheAnchorsLoss) {
  for (const double eta : {1e-3, 0.1, 1.0}) {
    const std::vector<double> values = of("one_step", {{"eta", value_of(eta)}});
    for (std::size_t i = 0; i < points_.size(); ++i) {
      EXPECT_NEAR(values[i], one_step_by_hand(points_[i], eta), 1e-14) << eta << " " << i;
    }
  }
}

TEST_F(TwoParameters, OneStepMovesOnlyTheChosenParameters) {
  const double eta = 0.3;
  const auto matching = of(
      "one_step",
      {{"eta", value_of(eta)}, {"parameters", value_of("matching")}, {"pattern", value_of("a$")}});
  const auto last =
      of("one_step", {{"eta", value_of(eta)}, {"parameters", value_of("last_layers")}});
  const auto both = of("one_step", {{"eta", value_of(eta)},
                                    {"parameters", value_of("last_layers")},
                                    {"layers", value_of(std::int64_t{2})}});
  for (std::size_t i = 0; i < points_.size(); ++i) {
    EXPECT_NEAR(matching[i], one_step_by_hand(points_[i], eta, 1, 0), 1e-14);
    EXPECT_NEAR(last[i], one_step_by_hand(points_[i], eta, 0, 1), 1e-14);
    EXPECT_NEAR(both[i], one_step_by_hand(points_[i], eta), 1e-14);
  }
  EXPECT_THROW(of("one_step", {{"parameters", value_of("matching")}, {"pattern", value_of("c$")}}),
               ConfigError);
  EXPECT_THROW(of("one_step", {{"parameters", value_of("matching")}, {"pattern", value_of("(")}}),
               ConfigError);
}

TEST_F(TwoParameters, AdamScalesTheStepByTheAnchorsGradients) {
  // Three anchors are one small batch, so that v is the square of their mean gradient.
  const auto [va, vb] = hand_.mean_gradient(anchor_points_);
  const double added = 0.2 * std::sqrt((va * va + vb * vb) / 2.0);
  const double pa = 1.0 / (std::abs(va) + added), pb = 1.0 / (std::abs(vb) + added);
  const test::OptionList options = {
      {"eta", value_of(0.05)}, {"step", value_of("adam")}, {"damping", value_of(0.2)}};
  const auto exact = of("one_step", options);
  const auto first = of("forward_mode", options);
  for (std::size_t i = 0; i < points_.size(); ++i) {
    // Relative: a step of Adam is large here, and so is what it is worth (about -15).
    const double by_hand = one_step_by_hand(points_[i], 0.05, pa, pb);
    EXPECT_NEAR(exact[i], by_hand, 1e-13 * std::max(1.0, std::abs(by_hand)));
    const auto [ga, gb] = hand_.gradient(points_[i]);
    EXPECT_NEAR(first[i], 0.05 * (pa * ga * va + pb * gb * vb), 1e-13);
  }
}

TEST_F(TwoParameters, OneStepWithDrawnAnchorsUsesTheSameBeforeAndAfter) {
  const double eta = 0.2;
  const auto values =
      of("one_step", {{"eta", value_of(eta)}, {"anchors_per_sample", value_of(std::int64_t{2})}});
  bool draws_differ = false;
  std::vector<std::size_t> first_draw;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    RandomStream stream(7, "utility/anchors/" + samples_[i].id);
    const auto drawn = stream.sample_indices(3, 2);
    std::vector<Point> chosen;
    for (const std::size_t index : drawn) chosen.push_back(anchor_points_[index]);
    const auto [ga, gb] = hand_.gradient(points_[i]);
    const Hand moved{hand_.a - eta * ga, hand_.b - eta * gb};
    EXPECT_NEAR(values[i], hand_.mean_loss(chosen) - moved.mean_loss(chosen), 1e-14);
    if (i == 0) first_draw = drawn;
    draws_differ = draws_differ || drawn != first_draw;
  }
  EXPECT_TRUE(draws_differ);
}

TEST_F(TwoParameters, FirstOrderFormsAgree) {
  const double eta = 0.01;
  const test::OptionList options = {{"eta", value_of(eta)}};
  test::OptionList shifted = options, per_sample = options, one_sided = options;
  shifted.emplace_back("relative_shift", value_of(1e-4));
  one_sided.emplace_back("relative_shift", value_of(1e-8));
  one_sided.emplace_back("central", value_of(false));
  per_sample.emplace_back("per_sample", value_of(true));
  const auto forward = of("forward_mode", options), dots = of("gradient_dot", options);
  const auto differences = of("finite_difference", shifted),
             singles = of("gradient_dot", per_sample);
  const auto forth = of("finite_difference", one_sided);
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const double expected = first_order_by_hand(points_[i], eta);
    EXPECT_NEAR(forward[i], expected, 1e-12 * std::abs(expected));
    EXPECT_NEAR(dots[i], expected, 1e-12 * std::abs(expected));
    EXPECT_NEAR(singles[i], expected, 1e-12 * std::abs(expected));
    EXPECT_NEAR(differences[i], expected, 1e-5 * std::abs(expected));
    EXPECT_NEAR(forth[i], expected, 1e-5 * std::abs(expected));
  }
}

TEST_F(TwoParameters, CosineIsOfTheAngle) {
  const auto values = of("gradient_dot", {{"cosine", value_of(true)}, {"eta", value_of(0.7)}});
  const auto [va, vb] = hand_.mean_gradient(anchor_points_);
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const auto [ga, gb] = hand_.gradient(points_[i]);
    EXPECT_NEAR(values[i], (ga * va + gb * vb) / (std::hypot(ga, gb) * std::hypot(va, vb)), 1e-12);
  }
}

TEST_F(TwoParameters, FirstOrderErrorFallsWithTheSquareOfEtaAndSecondOrderWithItsCube) {
  const auto error = [&](const std::string& type, double eta, std::size_t i) {
    const test::OptionList options = {{"eta", value_of(eta)}};
    return std::abs(of(type, options)[i] - of("one_step", options)[i]);
  };
  for (std::size_t i = 0; i < points_.size(); ++i) {
    for (const double eta : {0.02, 0.01}) {
      const double first =
          std::log2(error("forward_mode", eta, i) / error("forward_mode", eta / 2, i));
      EXPECT_NEAR(first, 2.0, 0.1) << "sample " << i << ", eta " << eta;
      const double second =
          std::log2(error("second_order", eta, i) / error("second_order", eta / 2, i));
      EXPECT_NEAR(second, 3.0, 0.1) << "sample " << i << ", eta " << eta;
    }
  }
}

TEST_F(TwoParameters, SeveralAnchorSetsAreColumns) {
  const std::vector<Point> others = {{0.9, -0.2}, {0.3, 0.3}};
  const std::vector<AnchorSet> sets = {
      anchors_[0], test::anchor_set(model_, test::point_samples(others), "other")};
  for (const std::string& type : utilities().names()) {
    if (!make_utility(type)->uses_anchors()) continue;
    const auto estimator = make_utility(type);
    const torch::Tensor values = estimator->prepare(model_, sets, 7)->score(model_, batch_);
    ASSERT_EQ(values.size(1), 2) << type;
    for (std::size_t set = 0; set < sets.size(); ++set) {
      const torch::Tensor alone =
          estimator->prepare(model_, {sets[set]}, 7)->score(model_, batch_).select(1, 0);
      EXPECT_TRUE(
          torch::allclose(values.select(1, static_cast<std::int64_t>(set)), alone, 1e-9, 1e-15))
          << type;
    }
  }
}

TEST_F(TwoParameters, AnchorsInSmallBatchesGiveTheSame) {
  for (const std::string type : {"one_step", "forward_mode", "second_order"}) {
    const auto whole = of(type, {{"eta", value_of(0.1)}});
    const auto parts =
        of(type, {{"eta", value_of(0.1)}, {"anchor_batch", value_of(std::int64_t{2})}});
    for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], parts[i], 1e-14) << type;
  }
}

TEST_F(TwoParameters, RefusesAnchorsWithoutAFiniteLoss) {
  std::vector<Sample> samples = test::point_samples(anchor_points_);
  samples[1].turns[0].text = "nan";
  const std::vector<AnchorSet> sets = {test::anchor_set(model_, samples)};
  for (const std::string& type : utilities().names()) {
    if (!make_utility(type)->uses_anchors()) continue;
    try {
      make_utility(type)->prepare(model_, sets, 7);
      ADD_FAILURE() << type << " took an anchor without a loss";
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("'p1'")) << type;
    }
    EXPECT_THROW(make_utility(type)->prepare(model_, {}, 7), ConfigError) << type;
    EXPECT_THROW(make_utility(type)->prepare(model_, {AnchorSet{"none", {}, {}}}, 7), ConfigError)
        << type;
  }
}

TEST(MicroModelUtility, FirstOrderFormsAgree) {
  const auto model = testing_support::tiny_model();
  const std::vector<Sample> samples = test::micro_samples(12);
  const auto batch = test::micro_inputs(*model, samples);
  const std::vector<AnchorSet> anchors = {test::micro_anchors(*model, 10)};
  const auto exact = scores(*model, *make_utility("gradient_dot", {{"per_sample", value_of(true)}}),
                            anchors, batch);
  double largest = 0.0;
  for (const double value : exact) largest = std::max(largest, std::abs(value));
  ASSERT_GT(largest, 0.0);
  const auto expect_near = [&](const std::string& type, double tolerance,
                               const test::OptionList& options = {}) {
    const auto values = scores(*model, *make_utility(type, options), anchors, batch);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      EXPECT_NEAR(values[i], exact[i], tolerance * largest) << type << " " << i;
    }
  };
  expect_near("forward_mode", 1e-5);
  expect_near("gradient_dot", 1e-5);
  // Single precision leaves a difference of losses a few digits; longer shifts meet the model's
  // kinks.
  expect_near("finite_difference", 2e-2, {{"relative_shift", value_of(1e-4)}});
}

TEST(MicroModelUtility, OneStepApproachesTheFirstOrderFormsAndSecondOrderFollowsFurther) {
  const auto model = testing_support::tiny_model();
  const std::vector<Sample> samples = test::micro_samples(12);
  const auto batch = test::micro_inputs(*model, samples);
  const std::vector<AnchorSet> anchors = {test::micro_anchors(*model, 10)};
  const auto worst = [&](const std::string& type, double eta) {
    const test::OptionList options = {{"eta", value_of(eta)}};
    const auto exact = scores(*model, *make_utility("one_step", options), anchors, batch);
    const auto values = scores(*model, *make_utility(type, options), anchors, batch);
    double error = 0.0, largest = 0.0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
      error = std::max(error, std::abs(values[i] - exact[i]));
      largest = std::max(largest, std::abs(exact[i]));
    }
    return error / largest;
  };
  EXPECT_LT(worst("forward_mode", 5e-4), worst("forward_mode", 2e-3));
  EXPECT_LT(worst("forward_mode", 5e-4), 0.1);
  EXPECT_LT(worst("second_order", 5e-4), 0.5 * worst("forward_mode", 5e-4));
}

}  // namespace
}  // namespace winnow
