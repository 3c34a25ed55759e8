#pragma once
// The numbers of the GDO release's merge step: the sample that stands for a column, and its robust
// centre and scale.

#include <cstdint>
#include <vector>

#include "gdo_release/python/random.h"

namespace winnow::gdo_release {

// A uniform sample of a stream of numbers (algorithm R): all of them up to `capacity`.
class ReservoirSampler {
 public:
  ReservoirSampler(std::int64_t capacity, std::uint64_t seed);
  void add(double value);
  // In the order of their places, as float32: what the release takes its quantiles of.
  const std::vector<float>& values() const { return values_; }
  std::int64_t total_seen() const { return total_seen_; }

 private:
  std::int64_t capacity_, total_seen_ = 0;
  std::vector<float> values_;
  python::Random random_;
};

struct CenterScale {
  double center = 0.0, scale = 1.0;
};

// Median, and the distance of the quartiles (at least 1e-6) / 1.349; {0, 1} of no values. Quantiles
// as numpy.quantile has them on float32 values: the gap between two neighbours is rounded to
// float32, the rest is double.
CenterScale robust_center_scale(std::vector<float> values);

// (value - centre) / scale, the scale taken as 1e-6 at least.
double zscore(double value, const CenterScale& column);
double sigmoid(double x);

}  // namespace winnow::gdo_release
