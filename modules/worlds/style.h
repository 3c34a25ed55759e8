#pragma once
// How a camera of the micro world sees: colours, sharpness, light and grain. The neutral style is
// what base models are trained on; a world's pool and benchmarks share another one.

#include <cstdint>
#include <opencv2/core.hpp>

#include "core/random.h"

namespace winnow::micro_world {

struct Style {
  cv::Matx33f tint = cv::Matx33f::eye();  // RGB in [0, 1]
  cv::Vec3f offset{0, 0, 0};
  float contrast = 1.0f;  // around mid-grey
  float gamma = 1.0f;
  float blur = 0.0f;              // Gaussian sigma, pixels
  float grain = 0.0f;             // standard deviation
  float stripes = 0.0f;           // amplitude
  cv::Point2f stripe_wave{0, 0};  // radians per pixel
  cv::Point2f gradient{0, 0};     // change of light from the middle to the border

  // Strength 0 is neutral, 1 clearly shifted while a person still names colours and shapes.
  static Style draw(RandomStream& random, double strength);
  // A sister camera: each property off by about `amount` times its usual range.
  Style jittered(RandomStream& random, double amount) const;
};

// Applies a style to a picture of floats (CV_32FC3, RGB in [0, 1]) and quantises it to 8 bits.
// `noise` is the sensor's own, added to the style's grain.
cv::Mat photograph(const cv::Mat& picture, const Style& style, double noise, std::uint64_t seed);

}  // namespace winnow::micro_world
