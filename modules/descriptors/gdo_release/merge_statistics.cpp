#include "descriptors/gdo_release/merge_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace winnow::gdo_release {

PythonRandom::PythonRandom(std::uint64_t seed) {
  std::vector<std::uint32_t> key = {static_cast<std::uint32_t>(seed)};
  if (seed >> 32 != 0) key.push_back(static_cast<std::uint32_t>(seed >> 32));
  state_[0] = 19650218U;
  for (std::uint32_t i = 1; i < kSize; ++i) {
    state_[i] = 1812433253U * (state_[i - 1] ^ state_[i - 1] >> 30) + i;
  }
  std::size_t i = 1;
  const auto step = [&](std::uint32_t multiplier) {
    state_[i] ^= (state_[i - 1] ^ state_[i - 1] >> 30) * multiplier;
  };
  const auto advance = [&] {
    if (++i < kSize) return;
    state_[0] = state_[kSize - 1];
    i = 1;
  };
  for (std::size_t k = 0; k < std::max(kSize, key.size()); ++k) {
    const std::size_t j = k % key.size();
    step(1664525U);
    state_[i] += key[j] + static_cast<std::uint32_t>(j);
    advance();
  }
  for (std::size_t k = 1; k < kSize; ++k) {
    step(1566083941U);
    state_[i] -= static_cast<std::uint32_t>(i);
    advance();
  }
  state_[0] = 0x80000000U;
}

std::uint32_t PythonRandom::next() {
  constexpr std::size_t kMiddle = 397;
  if (position_ == kSize) {
    for (std::size_t i = 0; i < kSize; ++i) {
      const std::uint32_t joined =
          (state_[i] & 0x80000000U) | (state_[(i + 1) % kSize] & 0x7FFFFFFFU);
      state_[i] = state_[(i + kMiddle) % kSize] ^ joined >> 1 ^ ((joined & 1) * 0x9908B0DFU);
    }
    position_ = 0;
  }
  std::uint32_t y = state_[position_++];
  y ^= y >> 11;
  y ^= y << 7 & 0x9D2C5680U;
  y ^= y << 15 & 0xEFC60000U;
  return y ^ y >> 18;
}

std::uint64_t PythonRandom::bits(int count) {
  if (count <= 32) return next() >> (32 - count);
  const std::uint64_t low = next();
  return static_cast<std::uint64_t>(next() >> (64 - count)) << 32 | low;
}

std::uint64_t PythonRandom::randint(std::uint64_t limit) {
  const int count = std::bit_width(limit);
  std::uint64_t value = bits(count);
  while (value >= limit) value = bits(count);
  return value + 1;
}

ReservoirSampler::ReservoirSampler(std::int64_t capacity, std::uint64_t seed)
    : capacity_(std::max<std::int64_t>(capacity, 0)), random_(seed) {}

void ReservoirSampler::add(double value) {
  ++total_seen_;
  if (capacity_ == 0) return;
  if (static_cast<std::int64_t>(values_.size()) < capacity_) {
    values_.push_back(static_cast<float>(value));
    return;
  }
  const std::uint64_t place = random_.randint(static_cast<std::uint64_t>(total_seen_));
  if (place <= static_cast<std::uint64_t>(capacity_)) {
    values_[place - 1] = static_cast<float>(value);
  }
}

CenterScale robust_center_scale(std::vector<float> values) {
  if (values.empty()) return {};
  const auto quantile = [&](double share) {
    const double place = static_cast<double>(values.size() - 1) * share;
    const auto before = static_cast<std::ptrdiff_t>(place);
    const auto at = values.begin() + before;
    std::nth_element(values.begin(), at, values.end());
    const float low = *at;
    const float high = at + 1 == values.end() ? low : *std::min_element(at + 1, values.end());
    const double part = place - static_cast<double>(before), gap = high - low;
    return part < 0.5 ? low + gap * part : high - gap * (1.0 - part);
  };
  const double spread = std::max(quantile(0.75) - quantile(0.25), 1e-6);
  return {quantile(0.5), spread / 1.349};
}

double zscore(double value, const CenterScale& column) {
  return (value - column.center) / std::max(column.scale, 1e-6);
}

double sigmoid(double x) {
  const double part = std::exp(-std::abs(x));
  return x >= 0 ? 1.0 / (1.0 + part) : part / (1.0 + part);
}

}  // namespace winnow::gdo_release
