#include "descriptors/farneback.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

namespace winnow {
namespace {

constexpr int kCoefficients = 5;
// What vector loads may read behind the last pixel.
constexpr std::size_t kSlack = 8;

// Vectors of the compiler: one instruction where the machine has it, several where not.
using Float4 = float __attribute__((vector_size(16)));
using Double4 = double __attribute__((vector_size(32)));

Float4 load(const float* values) {
  Float4 result;
  std::memcpy(&result, values, sizeof result);
  return result;
}
void store(float* values, Float4 vector) { std::memcpy(values, &vector, sizeof vector); }
// Four vectors as the columns of a matrix that has them as rows.
void transpose(Float4& a, Float4& b, Float4& c, Float4& d) {
  const Float4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Float4 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Float4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Float4 cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}
Double4 widened(Float4 vector) { return __builtin_convertvector(vector, Double4); }
Float4 narrowed(Double4 vector) { return __builtin_convertvector(vector, Float4); }

// Weights of a neighbourhood, and the entries of the inverse of its Gram matrix that are not zero.
struct Weights {
  int radius;
  std::array<float, 9> plain{}, linear{}, quadratic{};  // g, x g, x^2 g at 0, 1, ... radius
  double inverse_11 = 0.0, inverse_03 = 0.0, inverse_33 = 0.0, inverse_55 = 0.0;

  Weights(int chosen_radius, double sigma) : radius(chosen_radius) {
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

// The normal equations of every pixel (g11, g12, g22, h1, h2), plane by plane, given a first flow.
class Equations {
 public:
  void set_size(const Level& level) {
    width_ = level.width, height_ = level.height;
    area_ = static_cast<std::size_t>(width_) * height_;
    moved_step_ = static_cast<std::size_t>(width_) + kSlack;
    values_.resize(kCoefficients * area_);
    moved_.resize(kCoefficients * moved_step_);
    border_.resize(width_);
    for (int x = 0; x < width_; ++x) border_[x] = weight(x, width_);
  }

  const float* row(int channel, int y) const {
    return values_.data() + channel * area_ + static_cast<std::size_t>(y) * width_;
  }

  void update(const Level& from, const Level& to, const Farneback::Flow& flow) {
    for (int y = 0; y < height_; ++y) {
      move_row(from, to, y, flow.x.ptr<float>(y), flow.y.ptr<float>(y));
      write_row(from, y, flow.x.ptr<float>(y), flow.y.ptr<float>(y));
    }
  }

 private:
  // Pixels near the border of a picture count less.
  static float weight(int place, int length) {
    constexpr std::array kWeights = {0.14F, 0.14F, 0.4472F, 0.4472F, 0.4472F};
    constexpr int kBorder = kWeights.size();
    return (place < kBorder ? kWeights[place] : 1.0F) *
           (place >= length - kBorder ? kWeights[length - place - 1] : 1.0F);
  }

  // The second picture's expansion at the places to which a row's pixels move; the first picture's
  // own where that is outside, without its linear part.
  void move_row(const Level& from, const Level& to, int y, const float* flow_x,
                const float* flow_y) {
    const std::size_t step = static_cast<std::size_t>(width_) * kCoefficients;
    const float* const own = from.pixels.data() + static_cast<std::size_t>(y) * step;
    const auto last_x = static_cast<float>(width_ - 1), last_y = static_cast<float>(height_ - 1);
    float* const moved = moved_.data();
    for (int start = 0; start < width_; start += 4) {
      std::array<Float4, 4> four{};
      for (int i = 0; i < std::min(4, width_ - start); ++i) {
        const int x = start + i;
        const float at_x = static_cast<float>(x) + flow_x[x];
        const float at_y = static_cast<float>(y) + flow_y[x];
        const float floor_x = std::floor(at_x), floor_y = std::floor(at_y);
        if (floor_x >= 0 && floor_x < last_x && floor_y >= 0 && floor_y < last_y) {
          const float right = at_x - floor_x, down = at_y - floor_y;
          const float a = (1.0F - right) * (1.0F - down), b = right * (1.0F - down);
          const float c = (1.0F - right) * down, d = right * down;
          const float* const corner = to.pixels.data() + static_cast<std::size_t>(floor_y) * step +
                                      static_cast<std::size_t>(floor_x) * kCoefficients;
          const float* const below = corner + step;
          four[i] = a * load(corner) + b * load(corner + 5) + c * load(below) + d * load(below + 5);
          moved[4 * moved_step_ + x] = a * corner[4] + b * corner[9] + c * below[4] + d * below[9];
        } else {
          const float* const pixel = own + x * kCoefficients;
          four[i] = Float4{0.0F, 0.0F, pixel[2], pixel[3]};
          moved[4 * moved_step_ + x] = pixel[4];
        }
      }
      transpose(four[0], four[1], four[2], four[3]);
      for (std::size_t c = 0; c < 4; ++c) store(moved + c * moved_step_ + start, four[c]);
    }
  }

  void write_row(const Level& from, int y, const float* __restrict flow_x,
                 const float* __restrict flow_y) {
    const std::size_t start = static_cast<std::size_t>(y) * width_;
    const auto own = [&](std::size_t channel) {
      return from.planes.data() + channel * from.plane_size + start;
    };
    const auto moved = [&](std::size_t channel) { return moved_.data() + channel * moved_step_; };
    const auto out = [&](std::size_t channel) { return values_.data() + channel * area_ + start; };
    const float *const own_y = own(0), *const own_x = own(1), *const own_yy = own(2),
                       *const own_xx = own(3), *const own_xy = own(4);
    const float *const moved_y = moved(0), *const moved_x = moved(1), *const moved_yy = moved(2),
                       *const moved_xx = moved(3), *const moved_xy = moved(4);
    float* __restrict const g11 = out(0), * __restrict const g12 = out(1), * __restrict const g22 = out(2), * __restrict const h1 = out(3), * __restrict const h2 = out(4);
    const float across = weight(y, height_);
    const float* const border = border_.data();
    for (int x = 0; x < width_; ++x) {
      const float scale = border[x] * across;
      float yy = (own_yy[x] + moved_yy[x]) * 0.5F;
      float xx = (own_xx[x] + moved_xx[x]) * 0.5F;
      float xy = (own_xy[x] + moved_xy[x]) * 0.25F;
      float by = (own_y[x] - moved_y[x]) * 0.5F;
      float bx = (own_x[x] - moved_x[x]) * 0.5F;
      by += yy * flow_y[x] + xy * flow_x[x];
      bx += xy * flow_y[x] + xx * flow_x[x];
      by *= scale, bx *= scale, yy *= scale, xx *= scale, xy *= scale;
      g11[x] = yy * yy + xy * xy;
      g12[x] = (yy + xx) * xy;
      g22[x] = xx * xx + xy * xy;
      h1[x] = yy * by + xy * bx;
      h2[x] = xy * by + xx * bx;
    }
  }

  int width_ = 0, height_ = 0;
  std::size_t area_ = 0, moved_step_ = 0;
  std::vector<float> values_;  // [5][height][width]
  std::vector<float> moved_;   // [5][moved_step]
  std::vector<float> border_;  // [width]
};

// Averages the equations over a window around every pixel and solves them.
void solve(const Equations& equations, int window, Farneback::Flow& flow) {
  const int width = flow.x.cols, height = flow.x.rows, m = window / 2;
  const double scale = 1.0 / (window * window);
  // Sums over the window's rows, with m + 1 pixels more on both sides, and then over the window.
  const int length = width + 2 * (m + 1);
  std::vector<double> columns(static_cast<std::size_t>(kCoefficients) * length);
  std::vector<double> sums(static_cast<std::size_t>(kCoefficients) * width);
  const auto column = [&](int channel) { return columns.data() + channel * length + m + 1; };
  for (int c = 0; c < kCoefficients; ++c) {
    const float* const first = equations.row(c, 0);
    for (int x = 0; x < width; ++x) column(c)[x] = first[x] * (m + 2);
    for (int y = 1; y < m; ++y) {
      const float* const row = equations.row(c, std::min(y, height - 1));
      for (int x = 0; x < width; ++x) column(c)[x] += row[x];
    }
  }
  for (int y = 0; y < height; ++y) {
    for (int c = 0; c < kCoefficients; ++c) {
      double* const values = column(c);
      const float* const leaving = equations.row(c, std::max(y - m - 1, 0));
      const float* const entering = equations.row(c, std::min(y + m, height - 1));
      for (int x = 0; x < width; ++x) values[x] += entering[x] - leaving[x];
      std::fill_n(values - m - 1, m + 1, values[0]);
      std::fill_n(values + width, m + 1, values[width - 1]);
    }
    std::array<double, kCoefficients> sum{};
    for (int c = 0; c < kCoefficients; ++c) {
      sum[c] = column(c)[0] * (m + 2);
      for (int x = 1; x < m; ++x) sum[c] += column(c)[x];
    }
    const std::array<const double*, kCoefficients> values = {column(0), column(1), column(2),
                                                             column(3), column(4)};
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < kCoefficients; ++c) {
        sum[c] += values[c][x + m] - values[c][x - m - 1];
        sums[static_cast<std::size_t>(c) * width + x] = sum[c];
      }
    }
    const double *const g11 = sums.data(), *const g12 = g11 + width, *const g22 = g12 + width,
                        *const h1 = g22 + width, *const h2 = h1 + width;
    float* __restrict const flow_x = flow.x.ptr<float>(y), * __restrict const flow_y =
                                                               flow.y.ptr<float>(y);
    for (int x = 0; x < width; ++x) {
      const double a = g11[x] * scale, b = g12[x] * scale, d = g22[x] * scale;
      const double e = h1[x] * scale, f = h2[x] * scale;
      const double inverse = 1.0 / (a * d - b * b + 1e-3);
      flow_x[x] = static_cast<float>((a * f - b * e) * inverse);
      flow_y[x] = static_cast<float>((d * e - b * f) * inverse);
    }
  }
}

}  // namespace

struct Farneback::State {
  explicit State(const FarnebackSettings& chosen)
      : settings(chosen), weights(chosen.radius, chosen.sigma) {}

  void expand_picture(const cv::Mat& grey) {
    constexpr double kSmallest = 32.0;
    grey.convertTo(picture, CV_32F);
    std::size_t count = 0;
    double scale = 1.0;
    for (int k = 0; k <= settings.levels; ++k, scale *= 0.5) {
      if (k > 0 && (grey.cols * scale < kSmallest || grey.rows * scale < kSmallest)) break;
      const double sigma = (1.0 / scale - 1.0) * 0.5;
      const int size = std::max(cvRound(sigma * 5) | 1, 3);
      cv::GaussianBlur(picture, blurred, cv::Size(size, size), sigma, sigma);
      cv::resize(blurred, reduced,
                 cv::Size(cvRound(grey.cols * scale), cvRound(grey.rows * scale)));
      if (current.size() == count) current.emplace_back();
      expand(weights, reduced, current[count++]);
    }
    current.resize(count);
  }

  void find_flow() {
    flow.x.release(), flow.y.release();
    for (std::size_t k = current.size(); k-- > 0;) {
      const cv::Size size(current[k].width, current[k].height);
      for (cv::Mat* const part : {&flow.x, &flow.y}) {
        if (part->empty()) {
          *part = cv::Mat::zeros(size, CV_32FC1);
        } else {
          cv::Mat larger;
          cv::resize(*part, larger, size);
          *part = larger * 2.0;
        }
      }
      equations.set_size(current[k]);
      for (int i = 0; i < settings.iterations; ++i) {
        equations.update(previous[k], current[k], flow);
        solve(equations, settings.window, flow);
      }
    }
  }

  FarnebackSettings settings;
  Weights weights;
  std::vector<Level> previous, current;  // full size first
  bool has_previous = false;
  cv::Mat picture, blurred, reduced;
  Equations equations;
  Flow flow;
};

Farneback::Farneback(const FarnebackSettings& settings) {
  assert(settings.radius >= 1 && settings.radius <= 8 && settings.window % 2 == 1);
  state_ = std::make_unique<State>(settings);
}

Farneback::~Farneback() = default;

const Farneback::Flow* Farneback::next(const cv::Mat& grey) {
  assert(grey.type() == CV_8UC1 && !grey.empty());
  std::swap(state_->previous, state_->current);
  state_->expand_picture(grey);
  if (!std::exchange(state_->has_previous, true)) return nullptr;
  state_->find_flow();
  return &state_->flow;
}

void Farneback::restart() { state_->has_previous = false; }

double Farneback::mean_magnitude(const Flow& flow) {
  double sum = 0.0;
  for (int y = 0; y < flow.x.rows; ++y) {
    const float *const x = flow.x.ptr<float>(y), *const down = flow.y.ptr<float>(y);
    for (int i = 0; i < flow.x.cols; ++i) sum += std::sqrt(x[i] * x[i] + down[i] * down[i]);
  }
  return sum / static_cast<double>(flow.x.total());
}

}  // namespace winnow
