#include "gdo_release/merge/nearest_center.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "gdo_release/merge/float_block.h"

namespace winnow::gdo_release {
namespace {

// Against every centre looked at, in clouds that make pruning and rounding hard.
TEST(NearestCenter, FindsWhatASearchOfAllFinds) {
  for (const double spread : {1.0, 1e3, 1e8}) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{7}, std::size_t{300}}) {
      Points centers{5, {}};
      unsigned state = 1;
      const auto random = [&] {
        return static_cast<float>((state = state * 1664525U + 1013904223U) >> 8) / 16777216.0F;
      };
      for (std::size_t i = 0; i < count; ++i) {
        for (int d = 0; d < 4; ++d) centers.values.push_back(random());
        centers.values.push_back(static_cast<float>(std::exp(random() * std::log(spread))));
      }
      if (count > 3) {  // equal ones: the first is to be found
        std::copy_n(centers.values.begin(), 5, centers.values.end() - 5);
      }
      const NearestCenter nearest(centers);
      for (int query = 0; query < 2000; ++query) {
        float point[5];
        for (int d = 0; d < 4; ++d) point[d] = random();
        point[4] = static_cast<float>(std::exp(random() * std::log(spread)));
        std::size_t best = 0;
        float best_value = 0.0F;
        for (std::size_t i = 0; i < count; ++i) {
          const float* const center = centers.row(i);
          float squares[5], product = 0.0F;
          for (std::size_t d = 0; d < 5; ++d) {
            // fma with nothing to add: rounded here, whatever the compiler fuses
            squares[d] = std::fma(center[d], center[d], 0.0F);
            product = std::fma(point[d], center[d], product);
          }
          const float square = ((squares[0] + squares[4]) + squares[1]) + (squares[2] + squares[3]);
          const float value = square - 2.0F * product;
          if (i == 0 || value < best_value) best = i, best_value = value;
        }
        ASSERT_EQ(nearest.find(point), best) << spread << " " << count << " " << query;
      }
    }
  }
}

#if defined(__AVX2__) && defined(__FMA__)
// What runs on processors without these instructions finds the same, to the last bit.
TEST(FloatBlock, TheTwoFormsAgree) {
  using Values = std::array<float, FloatBlock::size>;
  std::uint32_t state = 3;
  const auto random = [&] {  // of any magnitude, zeros and infinities among them
    state = state * 1664525U + 1013904223U;
    if (state >> 28 == 0) return 0.0F;
    if (state >> 28 == 1) return std::numeric_limits<float>::infinity();
    return std::ldexp(static_cast<float>(static_cast<int>(state >> 8 & 0xFFFF) - 0x8000),
                      static_cast<int>(state >> 24 & 0xF) - 20);
  };
  const auto values = [&] {
    Values result;
    for (float& value : result) value = random();
    return result;
  };
  const auto stored = [](const auto& block) {
    std::array<std::uint32_t, FloatBlock::size> bits;
    Values all;
    block.store(all.data());
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = std::bit_cast<std::uint32_t>(all[i]);
    return bits;
  };
  for (int round = 0; round < 10000; ++round) {
    const Values start = values(), square = values();
    Values low = values(), high = values();
    for (std::size_t i = 0; i < low.size(); ++i) {
      if (low[i] > high[i]) std::swap(low[i], high[i]);
    }
    const float one = std::ldexp(1.0F + static_cast<float>(round), -8), limit = random();
    PortableFloatBlock portable(start.data());
    Avx2FloatBlock fast(start.data());
    EXPECT_EQ(portable.smallest(), fast.smallest());
    EXPECT_EQ(portable.not_above(limit), fast.not_above(limit));
    portable.add_square_gap(one, low.data(), high.data());
    fast.add_square_gap(one, low.data(), high.data());
    ASSERT_EQ(stored(portable), stored(fast));
    PortableFloatBlock portable_sum;
    Avx2FloatBlock fast_sum;
    for (int i = 0; i < 3; ++i) {
      Values finite = values();
      for (float& value : finite) value = std::isfinite(value) ? value : 1.0F;
      portable_sum.add_product(one, finite.data());
      fast_sum.add_product(one, finite.data());
    }
    ASSERT_EQ(stored(portable_sum), stored(fast_sum));
    ASSERT_EQ(stored(portable_sum.twice_below(square.data())),
              stored(fast_sum.twice_below(square.data())));
  }
}
#endif

}  // namespace
}  // namespace winnow::gdo_release
