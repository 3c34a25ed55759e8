#include "worlds/style.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace winnow::micro_world {
namespace {

constexpr double kPi = 3.14159265358979323846;

double signed_uniform(RandomStream& random, double low, double high) {
  const double magnitude = random.uniform(low, high);
  return random.chance(0.5) ? magnitude : -magnitude;
}

// Rotation of the hue (about the grey axis) after pulling colours towards grey.
cv::Matx33f hue_and_saturation(double degrees, double saturation) {
  const double angle = degrees * kPi / 180.0, c = std::cos(angle), s = std::sin(angle);
  const double third = (1 - c) / 3, root = s / std::sqrt(3.0);
  const cv::Matx33d rotate(c + third, third - root, third + root,  //
                           third + root, c + third, third - root,  //
                           third - root, third + root, c + third);
  const double grey = (1 - saturation) / 3;
  const cv::Matx33d pull(saturation + grey, grey, grey,  //
                         grey, saturation + grey, grey,  //
                         grey, grey, saturation + grey);
  return rotate * pull;
}

}  // namespace

Style Style::draw(RandomStream& random, double strength) {
  Style style;
  const double hue = signed_uniform(random, 10, 22) * strength;
  const double saturation = std::max(0.35, 1 - random.uniform(0.15, 0.35) * strength);
  cv::Vec3d gain;
  for (int i = 0; i < 3; ++i) {
    gain[i] = std::exp(random.uniform(-0.22, 0.22) * strength);
    style.offset[i] = static_cast<float>(random.uniform(-0.06, 0.08) * strength);
  }
  style.tint = cv::Matx33f::diag(cv::Vec3f(gain)) * hue_and_saturation(hue, saturation);
  style.contrast = static_cast<float>(std::max(0.4, 1 - random.uniform(0.1, 0.3) * strength));
  style.gamma = static_cast<float>(std::exp(signed_uniform(random, 0.1, 0.35) * strength));
  style.blur = static_cast<float>(random.uniform(0.9, 1.5) * strength);
  style.grain = static_cast<float>(random.uniform(0.02, 0.05) * strength);
  style.stripes = static_cast<float>(random.uniform(0.04, 0.08) * strength);
  const double angle = random.uniform(0, kPi), wave = 2 * kPi / random.uniform(5, 9);
  style.stripe_wave = cv::Point2f(static_cast<float>(wave * std::cos(angle)),
                                  static_cast<float>(wave * std::sin(angle)));
  const double towards = random.uniform(0, 2 * kPi), slope = random.uniform(0.12, 0.28) * strength;
  style.gradient = cv::Point2f(static_cast<float>(slope * std::cos(towards)),
                               static_cast<float>(slope * std::sin(towards)));
  return style;
}

Style Style::jittered(RandomStream& random, double amount) const {
  Style style = *this;
  const auto around = [&](double range) {
    return static_cast<float>(random.uniform(-range, range) * amount);
  };
  style.tint = hue_and_saturation(around(20), 1 + around(0.3)) * tint;
  for (int i = 0; i < 3; ++i) style.offset[i] += around(0.08);
  style.contrast *= 1 + around(0.25);
  style.gamma *= 1 + around(0.25);
  style.blur = std::max(0.0f, blur + around(0.8));
  style.grain = std::max(0.0f, grain + around(0.04));
  style.gradient += cv::Point2f(around(0.2), around(0.2));
  return style;
}

cv::Mat photograph(const cv::Mat& picture, const Style& style, double noise, std::uint64_t seed) {
  CV_Assert(picture.type() == CV_32FC3);
  const cv::Matx33f m = style.tint * style.contrast;
  const float middle = 0.5f * (1 - style.contrast);
  const cv::Vec3f shift = style.offset * style.contrast + cv::Vec3f(middle, middle, middle);
  // 1024 steps are four times finer than the result's 8 bits.
  std::vector<float> curve(1025);
  for (std::size_t i = 0; i < curve.size(); ++i) {
    curve[i] = std::pow(static_cast<float>(i) / 1024.0f, style.gamma);
  }
  const int rows = picture.rows, columns = picture.cols;
  std::vector<float> stripe_sine(columns), stripe_cosine(columns);
  for (int x = 0; x < columns; ++x) {
    stripe_sine[x] = std::sin(style.stripe_wave.x * x);
    stripe_cosine[x] = std::cos(style.stripe_wave.x * x);
  }
  cv::Mat developed(rows, columns, CV_32FC3);
  for (int y = 0; y < rows; ++y) {
    const auto* from = picture.ptr<cv::Vec3f>(y);
    auto* to = developed.ptr<cv::Vec3f>(y);
    const float sine = std::sin(style.stripe_wave.y * y),
                cosine = std::cos(style.stripe_wave.y * y);
    const float vertical = style.gradient.y * (2.0f * y / rows - 1);
    for (int x = 0; x < columns; ++x) {
      const cv::Vec3f seen = m * from[x] + shift;
      const float light = 1 + vertical + style.gradient.x * (2.0f * x / columns - 1);
      const float stripe = style.stripes * (stripe_sine[x] * cosine + stripe_cosine[x] * sine);
      for (int c = 0; c < 3; ++c) {
        const float value = std::clamp(seen[c], 0.0f, 1.0f);
        to[x][c] = curve[static_cast<std::size_t>(value * 1024)] * light + stripe;
      }
    }
  }
  if (style.blur > 0.05f) cv::GaussianBlur(developed, developed, {}, style.blur);

  // The sum of two uniform bytes is close enough to a normal for noise and costs a quarter of a
  // draw.
  const double deviation = std::hypot(noise, static_cast<double>(style.grain));
  const float scale = static_cast<float>(deviation / 104.5);  // sd of the sum of two bytes
  RandomStream random(seed, "world/noise");
  cv::Mat result(rows, columns, CV_8UC3);
  std::uint64_t bits = 0;
  int left = 0;
  for (int y = 0; y < rows; ++y) {
    const float* from = developed.ptr<float>(y);
    auto* to = result.ptr<std::uint8_t>(y);
    for (int i = 0; i < columns * 3; ++i) {
      if (left == 0) {
        bits = random.next();
        left = 4;
      }
      const int sum = static_cast<int>(bits & 255) + static_cast<int>((bits >> 8) & 255) - 255;
      bits >>= 16;
      --left;
      const float value = std::clamp(from[i] + scale * static_cast<float>(sum), 0.0f, 1.0f);
      to[i] = static_cast<std::uint8_t>(value * 255.0f + 0.5f);
    }
  }
  return result;
}

}  // namespace winnow::micro_world
