// The utility of `curvature` against the exact second order.

#include <gmock/gmock.h>

#include "support.h"

namespace winnow {
namespace {

using test::Hand;
using test::make_utility;
using test::Point;
using test::scores;
using test::value_of;

class CurvatureOfTwoParameters : public testing::Test {
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
};

TEST_F(CurvatureOfTwoParameters, InAllDirectionsIsTheSecondOrder) {
  for (const char* step : {"sgd", "adam"}) {
    const test::OptionList options = {{"eta", value_of(0.3)}, {"step", value_of(step)}};
    test::OptionList all = options;
    all.emplace_back("directions", value_of(std::int64_t{2}));
    const std::vector<double> values = of("curvature", all), exact = of("second_order", options);
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(values[i], exact[i], 1e-9 * std::max(1.0, std::abs(exact[i]))) << step << i;
    }
  }
}

TEST_F(CurvatureOfTwoParameters, BesideTheDirectionsIsTheMeanAlongTheAnchorsSteps) {
  const double eta = 0.3;
  const std::vector<double> values = of("curvature", {{"eta", value_of(eta)},
                                                      {"directions", value_of(std::int64_t{0})},
                                                      {"calibration", value_of(std::int64_t{3})}});
  // <s, H s> of a step by differences of the anchors' mean gradient.
  const auto bend = [&](double sa, double sb) {
    constexpr double h = 1e-5;
    const Hand forth{hand_.a + h * sa, hand_.b + h * sb}, back{hand_.a - h * sa, hand_.b - h * sb};
    const auto [fa, fb] = forth.mean_gradient(anchor_points_);
    const auto [ba, bb] = back.mean_gradient(anchor_points_);
    return ((fa - ba) * sa + (fb - bb) * sb) / (2 * h);
  };
  double bent = 0.0, squares = 0.0;
  for (const Point& anchor : anchor_points_) {
    const auto [ga, gb] = hand_.gradient(anchor);
    bent += bend(ga, gb);
    squares += ga * ga + gb * gb;
  }
  const auto [va, vb] = hand_.mean_gradient(anchor_points_);
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const auto [ga, gb] = hand_.gradient(points_[i]);
    const double expected =
        eta * (va * ga + vb * gb) - eta * eta / 2 * bent / squares * (ga * ga + gb * gb);
    EXPECT_NEAR(values[i], expected, 1e-8) << i;
  }
}

TEST_F(CurvatureOfTwoParameters, WithEqualLengthsStepsAsFarAsTheAnchorsDo) {
  const double eta = 0.3;
  const std::vector<double> values = of("curvature", {{"eta", value_of(eta)},
                                                      {"directions", value_of(std::int64_t{2})},
                                                      {"calibration", value_of(std::int64_t{3})},
                                                      {"equal_length", value_of(true)}});
  double length = 0.0;
  for (const Point& anchor : anchor_points_) {
    const auto [ga, gb] = hand_.gradient(anchor);
    length += std::hypot(ga, gb) / 3.0;
  }
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const auto [ga, gb] = hand_.gradient(points_[i]);
    // The same sample's second order with the eta that makes its step as long.
    const double own = eta * length / std::hypot(ga, gb);
    EXPECT_NEAR(values[i], of("second_order", {{"eta", value_of(own)}})[i], 1e-9) << i;
  }
}

TEST(MicroModelCurvature, MoreDirectionsComeCloserToTheSecondOrder) {
  const auto model = testing_support::tiny_model();
  const std::vector<Sample> samples = test::micro_samples(12);
  const auto batch = test::micro_inputs(*model, samples);
  const std::vector<AnchorSet> anchors = {test::micro_anchors(*model, 10)};
  const test::OptionList eta = {{"eta", value_of(0.1)}};
  const auto exact = scores(*model, *make_utility("second_order", eta), anchors, batch);
  const auto error = [&](std::int64_t directions, std::int64_t calibration) {
    test::OptionList options = eta;
    options.emplace_back("directions", value_of(directions));
    options.emplace_back("calibration", value_of(calibration));
    const auto values = scores(*model, *make_utility("curvature", options), anchors, batch);
    double sum = 0.0;
    for (std::size_t i = 0; i < exact.size(); ++i) sum += std::abs(values[i] - exact[i]);
    return sum;
  };
  const double first_order = error(0, 0);
  EXPECT_LT(error(8, 0), 0.5 * first_order);
  EXPECT_LT(error(20, 0), error(2, 0));
  EXPECT_LT(error(8, 10), error(8, 0)) << "the mean beside them helps";
}

}  // namespace
}  // namespace winnow
