#pragma once
// The numbers of the GDO release's merge step: Python's random numbers, the sample that stands for
// a column, and its robust centre and scale.

#include <array>
#include <cstdint>
#include <vector>

namespace winnow::gdo_release {

// random.Random(seed) of Python for a seed that is not negative: MT19937, seeded as by
// init_by_array.
class PythonRandom {
 public:
  explicit PythonRandom(std::uint64_t seed);
  // randint(1, limit): uniform in [1, limit]. Requires limit >= 1.
  std::uint64_t randint(std::uint64_t limit);

 private:
  std::uint32_t next();
  std::uint64_t bits(int count);  // getrandbits, count in [1, 64]

  static constexpr std::size_t kSize = 624;
  std::array<std::uint32_t, kSize> state_{};
  std::size_t position_ = kSize;
};

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
  PythonRandom random_;
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
