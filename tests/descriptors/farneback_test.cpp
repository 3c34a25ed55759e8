#include "descriptors/farneback.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

#include "core/errors.h"
#include "descriptors/flow_meter.h"

namespace winnow {
namespace {

// Pictures of a texture that turns, jumps and has flat and noisy parts.
std::vector<cv::Mat> pictures(cv::Size size) {
  cv::RNG random(11);
  cv::Mat noise(500, 600, CV_8UC1), texture;
  random.fill(noise, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(noise, texture, {0, 0}, 3.0);
  cv::normalize(texture, texture, 0, 255, cv::NORM_MINMAX);
  texture(cv::Rect(220, 200, 60, 40)) = 128;
  noise(cv::Rect(300, 220, 50, 50)).copyTo(texture(cv::Rect(300, 220, 50, 50)));
  std::vector<cv::Mat> result;
  for (const auto& [angle, shift] : {std::pair(0.0, 0), {1.5, 3}, {3.0, 90}, {3.0, 90}}) {
    cv::Mat turn = cv::getRotationMatrix2D({300, 250}, angle, 1.0), turned;
    cv::warpAffine(texture, turned, turn, texture.size(), cv::INTER_LINEAR, cv::BORDER_REFLECT);
    result.push_back(turned(cv::Rect({150 + shift, 150}, size)).clone());
  }
  return result;
}

TEST(Farneback, AgreesWithOpenCv) {
  // Sizes that vectors of four do not divide, one of a single level, and one below a window. In
  // flat parts rounding alone moves a pixel by a thousandth; the mean hardly feels it.
  for (const cv::Size size :
       {cv::Size(224, 224), cv::Size(161, 97), cv::Size(40, 33), cv::Size(12, 10)}) {
    for (const FarnebackSettings& settings :
         {FarnebackSettings{2, 15, 2, 5, 1.1}, FarnebackSettings{3, 15, 3, 5, 1.2},
          FarnebackSettings{0, 9, 1, 3, 1.0}}) {
      const std::vector<cv::Mat> frames = pictures(size);
      Farneback farneback(settings);
      for (int repetition = 0; repetition < 2; ++repetition) {
        farneback.restart();
        for (std::size_t i = 0; i < frames.size(); ++i) {
          const Farneback::Flow* const flow = farneback.next(frames[i]);
          ASSERT_EQ(flow == nullptr, i == 0);
          if (i == 0) continue;
          cv::Mat expected, parts[2];
          cv::calcOpticalFlowFarneback(frames[i - 1], frames[i], expected, 0.5, settings.levels,
                                       settings.window, settings.iterations, settings.radius,
                                       settings.sigma, 0);
          cv::split(expected, parts);
          EXPECT_LT(cv::norm(flow->x, parts[0], cv::NORM_INF), 5e-3) << size << " " << i;
          EXPECT_LT(cv::norm(flow->y, parts[1], cv::NORM_INF), 5e-3) << size << " " << i;
          cv::Mat magnitude;
          cv::magnitude(parts[0], parts[1], magnitude);
          EXPECT_NEAR(Farneback::mean_magnitude(*flow), cv::mean(magnitude)[0], 1e-5);
        }
      }
    }
  }
}

TEST(FlowMeter, MeasuresEveryPairOfNeighbours) {
  const std::vector<cv::Mat> frames = pictures({120, 90});
  for (const FlowMethod method : {FlowMethod::farneback, FlowMethod::dis}) {
    FlowOptions options;
    options.flow = method;
    const FlowMeter meter(options);
    EXPECT_TRUE(meter.measure({}).empty());
    EXPECT_TRUE(meter.measure({frames[0]}).empty());
    const std::vector<PairMotion> pairs = meter.measure(frames);
    ASSERT_EQ(pairs.size(), 3U);
    EXPECT_GT(pairs[0].flow, 1.0);
    EXPECT_GT(pairs[0].difference, 0.001);
    EXPECT_NEAR(pairs[2].flow, 0.0, 0.01);  // the last two are the same picture
    EXPECT_EQ(pairs[2].difference, 0.0);
    // What was measured before leaves no trace.
    const std::vector<PairMotion> again = meter.measure({frames[2], frames[3]});
    EXPECT_EQ(again.at(0).flow, pairs[2].flow);
  }
}

TEST(FlowMeter, RefusesAWindowWithoutAMiddle) {
  FlowOptions options;
  options.flow_window = 14;
  EXPECT_THROW(FlowMeter{options}, ConfigError);
}

}  // namespace
}  // namespace winnow
