#include "descriptors/polynomial_expansion.h"

#include <algorithm>
#include <cmath>

namespace winnow::polynomial_expansion {
namespace {

// The expansion of one row from its three vertical convolutions, each with `radius` pixels more on
// both sides. The order of operations and their precision are OpenCV's.
void expand_row(const Weights& weights, const float* even, const float* odd, const float* square,
                Level& level, int y) {
  const double inverse_11 = weights.inverse_11, inverse_03 = weights.inverse_03;
  const double inverse_33 = weights.inverse_33, inverse_55 = weights.inverse_55;
  float* const plane = level.planes.data() + level.row_start(y);
  float* pixel = level.pixels.data() + level.row_start(y) * kCoefficients;
  const std::size_t size = level.plane_size;
  for (int x = 0; x < level.width; x += 4) {
    const float center = weights.plain[0];
    const Double4 zero = {};
    Double4 b1 = widened(load(even + x)) * static_cast<double>(center), b2 = zero;
    Double4 b3 = widened(load(odd + x) * center), b4 = zero;
    Double4 b5 = widened(load(square + x) * center), b6 = zero;
    for (int k = 1; k <= weights.radius; ++k) {
      const float g = weights.plain[k], xg = weights.linear[k];
      const Float4 right = load(even + x + k), left = load(even + x - k);
      const Float4 odd_right = load(odd + x + k), odd_left = load(odd + x - k);
      const Double4 both = widened(right + left);
      b1 += both * static_cast<double>(g);
      b4 += both * static_cast<double>(weights.quadratic[k]);
      b2 += widened((right - left) * xg);
      b3 += widened((odd_right + odd_left) * g);
      b6 += widened((odd_right - odd_left) * xg);
      b5 += widened((load(square + x + k) + load(square + x - k)) * g);
    }
    Float4 r0 = narrowed(b3 * inverse_11), r1 = narrowed(b2 * inverse_11);
    Float4 r2 = narrowed(b1 * inverse_03 + b5 * inverse_33);
    Float4 r3 = narrowed(b1 * inverse_03 + b4 * inverse_33);
    const Float4 r4 = narrowed(b6 * inverse_55);
    // Up to three pixels too many: the next row, or the slack, takes them.
    store(plane + x, r0), store(plane + size + x, r1), store(plane + 2 * size + x, r2);
    store(plane + 3 * size + x, r3), store(plane + 4 * size + x, r4);
    transpose(r0, r1, r2, r3);
    store(pixel, r0), store(pixel + 5, r1), store(pixel + 10, r2), store(pixel + 15, r3);
    for (int i = 0; i < 4; ++i, pixel += kCoefficients) pixel[4] = r4[i];
  }
}

}  // namespace

Weights::Weights(int chosen_radius, double sigma) : radius(chosen_radius) {
  const int n = radius;
  std::vector<float> g(2 * n + 1);
  double sum = 0.0;
  for (int x = -n; x <= n; ++x) {
    g[x + n] = static_cast<float>(std::exp(-x * x / (2 * sigma * sigma)));
    sum += g[x + n];
  }
  const double scale = 1.0 / sum;
  for (float& value : g) value = static_cast<float>(value * scale);
  for (int x = 0; x <= n; ++x) {
    plain[x] = g[x + n];
    linear[x] = static_cast<float>(x * g[x + n]);
    quadratic[x] = static_cast<float>(x * x * g[x + n]);
  }
  cv::Mat_<double> gram = cv::Mat_<double>::zeros(6, 6);
  for (int y = -n; y <= n; ++y) {
    for (int x = -n; x <= n; ++x) {
      const float weight = g[y + n] * g[x + n];
      gram(0, 0) += weight;
      gram(1, 1) += weight * x * x;
      gram(3, 3) += weight * x * x * x * x;
      gram(5, 5) += weight * x * x * y * y;
    }
  }
  gram(2, 2) = gram(0, 3) = gram(0, 4) = gram(3, 0) = gram(4, 0) = gram(1, 1);
  gram(4, 4) = gram(3, 3);
  gram(3, 4) = gram(4, 3) = gram(5, 5);
  const cv::Mat_<double> inverse = gram.inv(cv::DECOMP_CHOLESKY);
  inverse_11 = inverse(1, 1);
  inverse_03 = inverse(0, 3);
  inverse_33 = inverse(3, 3);
  inverse_55 = inverse(5, 5);
}

void expand(const Weights& weights, const cv::Mat& picture, Level& level) {
  level.set_size(picture.cols, picture.rows);
  const int width = level.width, height = level.height, n = weights.radius;
  const std::size_t length = width + 2 * n + kSlack;
  std::vector<float> rows(3 * length);
  float *const even = rows.data() + n, *const odd = even + length, *const square = odd + length;
  for (int y = 0; y < height; ++y) {
    const float* const here = picture.ptr<float>(y);
    for (int x = 0; x < width; ++x) even[x] = here[x] * weights.plain[0], odd[x] = square[x] = 0;
    for (int k = 1; k <= n; ++k) {
      const float* const above = picture.ptr<float>(std::max(y - k, 0));
      const float* const below = picture.ptr<float>(std::min(y + k, height - 1));
      const float g = weights.plain[k], yg = weights.linear[k], yyg = weights.quadratic[k];
      for (int x = 0; x < width; ++x) {
        const float both = above[x] + below[x];
        even[x] += g * both;
        odd[x] += yg * (below[x] - above[x]);
        square[x] += yyg * both;
      }
    }
    for (float* const values : {even, odd, square}) {
      std::fill_n(values - n, n, values[0]);
      std::fill_n(values + width, n, values[width - 1]);
    }
    expand_row(weights, even, odd, square, level, y);
  }
}

}  // namespace winnow::polynomial_expansion
