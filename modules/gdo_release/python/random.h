#pragma once
// The random numbers of Python's `random` module, for results of Python programs that are to be
// repeated to the last draw. Everything of winnow's own draws from core/random.h.

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace winnow::gdo_release::python {

// random.Random(seed): MT19937, seeded with the digits of the absolute value.
class Random {
 public:
  explicit Random(std::int64_t seed);

  // random(): uniform in [0, 1), 53 bits.
  double random() {
    const std::uint32_t high = next() >> 5, low = next() >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }
  // Uniform in [0, bound), as randrange(bound). Requires bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // randint(low, high), both ends included. Requires low <= high.
  std::int64_t randint(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }

  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i-- > 1;) std::swap(values[i], values[below(i + 1)]);
  }

 private:
  static constexpr std::size_t kSize = 624;
  std::uint32_t next() {
    if (position_ == kSize) refill();
    std::uint32_t y = state_[position_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9D2C5680U;
    y ^= (y << 15) & 0xEFC60000U;
    return y ^ (y >> 18);
  }
  void refill();

  std::array<std::uint32_t, kSize> state_;
  std::size_t position_ = kSize;
};

}  // namespace winnow::gdo_release::python
