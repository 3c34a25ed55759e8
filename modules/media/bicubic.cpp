#include "media/bicubic.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <vector>

namespace winnow {
namespace {

constexpr int kFractionBits = 32 - 8 - 2;

double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

// What one output place takes from the input: `weights[k]` of place `first + k`.
struct Taps {
  int first = 0;
  std::vector<std::int32_t> weights;  // fixed point
};

std::vector<Taps> taps_of(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double stretch = std::max(scale, 1.0);
  const double support = 2.0 * stretch;
  std::vector<Taps> all(static_cast<std::size_t>(to));
  std::vector<double> weights;
  for (int i = 0; i < to; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int end = std::min(static_cast<int>(center + support + 0.5), from);
    weights.clear();
    double sum = 0.0;
    for (int k = first; k < end; ++k) {
      weights.push_back(cubic((k - center + 0.5) * (1.0 / stretch)));
      sum += weights.back();
    }
    Taps& taps = all[static_cast<std::size_t>(i)];
    taps.first = first;
    for (const double weight : weights) {
      const double fixed = (sum != 0.0 ? weight / sum : weight) * (1 << kFractionBits);
      taps.weights.push_back(static_cast<std::int32_t>(fixed < 0.0 ? fixed - 0.5 : fixed + 0.5));
    }
  }
  return all;
}

std::uint8_t rounded(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

constexpr std::int32_t kHalf = 1 << (kFractionBits - 1);

cv::Mat resize_rows(const cv::Mat& image, int width) {
  const std::vector<Taps> all = taps_of(image.cols, width);
  const int channels = image.channels();
  cv::Mat result(image.rows, width, image.type());
  for (int y = 0; y < image.rows; ++y) {
    const std::uint8_t* in = image.ptr<std::uint8_t>(y);
    std::uint8_t* out = result.ptr<std::uint8_t>(y);
    for (const Taps& taps : all) {
      for (int c = 0; c < channels; ++c) {
        const std::uint8_t* from = in + taps.first * channels + c;
        std::int32_t sum = kHalf;
        for (std::size_t k = 0; k < taps.weights.size(); ++k, from += channels) {
          sum += *from * taps.weights[k];
        }
        *out++ = rounded(sum);
      }
    }
  }
  return result;
}

cv::Mat resize_columns(const cv::Mat& image, int height) {
  const std::vector<Taps> all = taps_of(image.rows, height);
  const int values = image.cols * image.channels();
  cv::Mat result(height, image.cols, image.type());
  std::vector<std::int32_t> sums(static_cast<std::size_t>(values));
  for (int y = 0; y < height; ++y) {
    const Taps& taps = all[static_cast<std::size_t>(y)];
    std::fill(sums.begin(), sums.end(), kHalf);
    for (std::size_t k = 0; k < taps.weights.size(); ++k) {
      const std::uint8_t* in = image.ptr<std::uint8_t>(taps.first + static_cast<int>(k));
      const std::int32_t weight = taps.weights[k];
      for (int x = 0; x < values; ++x) sums[static_cast<std::size_t>(x)] += in[x] * weight;
    }
    std::uint8_t* out = result.ptr<std::uint8_t>(y);
    for (int x = 0; x < values; ++x) out[x] = rounded(sums[static_cast<std::size_t>(x)]);
  }
  return result;
}

}  // namespace

cv::Mat resize_bicubic(const cv::Mat& image, int width, int height) {
  assert(image.depth() == CV_8U && !image.empty() && width >= 1 && height >= 1);
  cv::Mat result = image;
  if (image.cols != width) result = resize_rows(result, width);
  if (image.rows != height) result = resize_columns(result, height);
  return result;
}

}  // namespace winnow
