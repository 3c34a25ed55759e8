#include "descriptors/farneback.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "descriptors/polynomial_expansion.h"

namespace winnow {
namespace {

using polynomial_expansion::expand;
using polynomial_expansion::Float4;
using polynomial_expansion::kCoefficients;
using polynomial_expansion::kSlack;
using polynomial_expansion::Level;
using polynomial_expansion::load;
using polynomial_expansion::store;
using polynomial_expansion::transpose;
using polynomial_expansion::Weights;

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
