#include "gdo_release/python/random.h"

#include <algorithm>
#include <bit>

namespace winnow::gdo_release::python {

Random::Random(std::int64_t seed) {
  const std::uint64_t magnitude =
      seed < 0 ? ~static_cast<std::uint64_t>(seed) + 1 : static_cast<std::uint64_t>(seed);
  const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(magnitude),
                                            static_cast<std::uint32_t>(magnitude >> 32)};
  const std::size_t length = key[1] != 0 ? 2 : 1;
  // The generator's own seeding by an array.
  const auto scrambled = [&](std::size_t i) { return state_[i - 1] ^ (state_[i - 1] >> 30); };
  state_[0] = 19650218U;
  for (std::size_t i = 1; i < kSize; ++i) {
    state_[i] = 1812433253U * scrambled(i) + static_cast<std::uint32_t>(i);
  }
  std::size_t i = 1, j = 0;
  const auto advance = [&] {
    if (++i == kSize) {
      state_[0] = state_[kSize - 1];
      i = 1;
    }
  };
  for (std::size_t k = std::max(kSize, length); k > 0; --k) {
    state_[i] = (state_[i] ^ (scrambled(i) * 1664525U)) + key[j] + static_cast<std::uint32_t>(j);
    advance();
    j = (j + 1) % length;
  }
  for (std::size_t k = kSize - 1; k > 0; --k) {
    state_[i] = (state_[i] ^ (scrambled(i) * 1566083941U)) - static_cast<std::uint32_t>(i);
    advance();
  }
  state_[0] = 0x80000000U;
}

void Random::refill() {
  constexpr std::size_t kMiddle = 397;
  const auto twist = [&](std::size_t i, std::size_t next, std::size_t far) {
    const std::uint32_t y = (state_[i] & 0x80000000U) | (state_[next] & 0x7FFFFFFFU);
    state_[i] = state_[far] ^ (y >> 1) ^ ((y & 1U) * 0x9908B0DFU);
  };
  std::size_t i = 0;
  for (; i < kSize - kMiddle; ++i) twist(i, i + 1, i + kMiddle);
  for (; i < kSize - 1; ++i) twist(i, i + 1, i + kMiddle - kSize);
  twist(kSize - 1, 0, kMiddle - 1);
  position_ = 0;
}

std::uint64_t Random::below(std::uint64_t bound) {
  const int bits = std::bit_width(bound);
  while (true) {
    std::uint64_t drawn = 0;
    if (bits <= 32) {
      drawn = next() >> (32 - bits);
    } else {
      drawn = next();
      drawn |= static_cast<std::uint64_t>(next() >> (64 - bits)) << 32;
    }
    if (drawn < bound) return drawn;
  }
}

}  // namespace winnow::gdo_release::python
