#pragma once
// Farneback's polynomial expansion of a picture: the first half of his optical flow (farneback.h).

#include <array>
#include <cstring>
#include <opencv2/core.hpp>
#include <vector>

namespace winnow::polynomial_expansion {

constexpr int kCoefficients = 5;
// What vector loads may read behind the last pixel.
constexpr std::size_t kSlack = 8;

// Vectors of the compiler: one instruction where the machine has it, several where not.
using Float4 = float __attribute__((vector_size(16)));
using Double4 = double __attribute__((vector_size(32)));

inline Float4 load(const float* values) {
  Float4 result;
  std::memcpy(&result, values, sizeof result);
  return result;
}
inline void store(float* values, Float4 vector) { std::memcpy(values, &vector, sizeof vector); }
// Four vectors as the columns of a matrix that has them as rows.
inline void transpose(Float4& a, Float4& b, Float4& c, Float4& d) {
  const Float4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Float4 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Float4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Float4 cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}
inline Double4 widened(Float4 vector) { return __builtin_convertvector(vector, Double4); }
inline Float4 narrowed(Double4 vector) { return __builtin_convertvector(vector, Float4); }

// Weights of a neighbourhood, and the entries of the inverse of its Gram matrix that are not zero.
struct Weights {
  int radius;
  std::array<float, 9> plain{}, linear{}, quadratic{};  // g, x g, x^2 g at 0, 1, ... radius
  double inverse_11 = 0.0, inverse_03 = 0.0, inverse_33 = 0.0, inverse_55 = 0.0;

  Weights(int chosen_radius, double sigma);
};

// Quadratic polynomials around every pixel of a picture: their y, x, yy, xx and xy, twice.
struct Level {
  int width = 0, height = 0;
  std::size_t plane_size = 0;
  std::vector<float> planes;  // [5][plane_size], rows of `width`
  std::vector<float> pixels;  // [height][width][5]

  void set_size(int new_width, int new_height) {
    width = new_width, height = new_height;
    plane_size = static_cast<std::size_t>(width) * height + kSlack;
    planes.resize(kCoefficients * plane_size);
    pixels.resize(kCoefficients * plane_size);
  }
  std::size_t row_start(int y) const { return static_cast<std::size_t>(y) * width; }
};

// `picture`: float32, one channel.
void expand(const Weights& weights, const cv::Mat& picture, Level& level);

}  // namespace winnow::polynomial_expansion
