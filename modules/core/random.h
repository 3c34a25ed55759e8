#pragma once
// Named, seeded random streams. Every draw in winnow comes from one of these, so that a result
// depends on (seed, name) alone: never on thread count, on the order of calls elsewhere, or on the
// standard library's unspecified distributions.

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace winnow {

// xoshiro256** seeded from a hash of (seed, name). Two streams with different names are
// independent. Cheap to construct: make one per purpose and per sample rather than sharing one.
class RandomStream {
 public:
  // `name` says what is drawn and for what, e.g. "selector/uniform" or "sampling/" + sample id.
  RandomStream(std::uint64_t seed, std::string_view name);

  std::uint64_t next();
  // Uniform in [0, 1), 53 bits.
  double uniform();
  double uniform(double low, double high);
  // Uniform in [0, bound), without modulo bias. Requires bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [low, high], both ends included.
  std::int64_t integer(std::int64_t low, std::int64_t high);
  // Standard normal (polar method).
  double normal();
  bool chance(double probability) { return uniform() < probability; }

  // Index drawn with probability proportional to weights[i]. Requires a positive sum.
  std::size_t weighted(const std::vector<double>& weights);

  template <class T>
  const T& choose(const std::vector<T>& values) {
    return values[below(values.size())];
  }

  // Fisher-Yates over the whole vector.
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

  // `count` distinct indices of [0, size) in random order. Requires count <= size.
  std::vector<std::size_t> sample_indices(std::size_t size, std::size_t count);

 private:
  std::uint64_t state_[4];
  double spare_normal_ = 0.0;
  bool has_spare_normal_ = false;
};

}  // namespace winnow
