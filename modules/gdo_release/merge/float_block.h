#pragma once
// Sixteen float32 numbers looked at together: the inner loops of the search for a nearest centre.
// Both forms round alike: what is found does not depend on the processor. No number may be NaN.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#endif

namespace winnow::gdo_release {

// On any processor.
class PortableFloatBlock {
 public:
  static constexpr std::size_t size = 16;
  PortableFloatBlock() = default;  // zeros
  explicit PortableFloatBlock(const float* values) { std::copy_n(values, size, values_); }
  void store(float* values) const { std::copy_n(values_, size, values); }

  // this += factor * values, with one rounding.
  void add_product(float factor, const float* values) {
    for (std::size_t i = 0; i < size; ++i) values_[i] = std::fma(factor, values[i], values_[i]);
  }
  // this += square of the distance from `value` to [low, high].
  void add_square_gap(float value, const float* low, const float* high) {
    for (std::size_t i = 0; i < size; ++i) {
      const float gap = std::max({low[i] - value, value - high[i], 0.0F});
      values_[i] += gap * gap;
    }
  }
  // values - 2 * this; doubling is exact.
  PortableFloatBlock twice_below(const float* values) const {
    PortableFloatBlock result;
    for (std::size_t i = 0; i < size; ++i) result.values_[i] = values[i] - 2.0F * values_[i];
    return result;
  }
  // Which are not above `limit`, one bit each.
  std::uint32_t not_above(float limit) const {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < size; ++i) {
      mask |= static_cast<std::uint32_t>(values_[i] <= limit) << i;
    }
    return mask;
  }
  float smallest() const { return *std::min_element(values_, values_ + size); }

 private:
  float values_[size] = {};
};

#if defined(__AVX2__) && defined(__FMA__)

// The same in a few instructions.
class Avx2FloatBlock {
 public:
  static constexpr std::size_t size = 16;
  Avx2FloatBlock() : low_(_mm256_setzero_ps()), high_(low_) {}
  explicit Avx2FloatBlock(const float* values)
      : low_(_mm256_loadu_ps(values)), high_(_mm256_loadu_ps(values + 8)) {}
  void store(float* values) const {
    _mm256_storeu_ps(values, low_);
    _mm256_storeu_ps(values + 8, high_);
  }

  void add_product(float factor, const float* values) {
    const __m256 factors = _mm256_set1_ps(factor);
    low_ = _mm256_fmadd_ps(factors, _mm256_loadu_ps(values), low_);
    high_ = _mm256_fmadd_ps(factors, _mm256_loadu_ps(values + 8), high_);
  }
  void add_square_gap(float value, const float* low, const float* high) {
    const __m256 values = _mm256_set1_ps(value);
    const auto gap = [&](std::size_t first) {
      const __m256 below = _mm256_sub_ps(_mm256_loadu_ps(low + first), values);
      const __m256 above = _mm256_sub_ps(values, _mm256_loadu_ps(high + first));
      const __m256 most = _mm256_max_ps(_mm256_max_ps(below, above), _mm256_setzero_ps());
      return _mm256_mul_ps(most, most);
    };
    low_ = _mm256_add_ps(low_, gap(0));
    high_ = _mm256_add_ps(high_, gap(8));
  }
  Avx2FloatBlock twice_below(const float* values) const {
    return {_mm256_sub_ps(_mm256_loadu_ps(values), _mm256_add_ps(low_, low_)),
            _mm256_sub_ps(_mm256_loadu_ps(values + 8), _mm256_add_ps(high_, high_))};
  }
  std::uint32_t not_above(float limit) const {
    const __m256 limits = _mm256_set1_ps(limit);
    const auto mask = [&](__m256 half) {
      return static_cast<std::uint32_t>(
          _mm256_movemask_ps(_mm256_cmp_ps(half, limits, _CMP_LE_OQ)));
    };
    return mask(low_) | mask(high_) << 8;
  }
  float smallest() const {
    const __m256 eight = _mm256_min_ps(low_, high_);
    __m128 four = _mm_min_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    four = _mm_min_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_min_ss(four, _mm_shuffle_ps(four, four, 1)));
  }

 private:
  Avx2FloatBlock(__m256 low, __m256 high) : low_(low), high_(high) {}
  __m256 low_, high_;
};

using FloatBlock = Avx2FloatBlock;

#else

using FloatBlock = PortableFloatBlock;

#endif

}  // namespace winnow::gdo_release
