#pragma once
// How fast one thread of this machine multiplies, and how fast it could.

#include <optional>

namespace winnow {

// Billions of float32 operations a second, two for each multiply-add.
struct ArithmeticSpeed {
  double product = 0.0;        // of LibTorch's matrix product, 768 x 768
  std::optional<double> peak;  // of the vector unit; none where the processor has no AVX2
  std::optional<double> share() const {
    return peak ? std::optional(product / *peak) : std::nullopt;
  }
};

// Both in turns, the best of three timings each, in processor time of this thread, so that other
// programs on the machine change little. The peak is measured, not looked up: independent
// multiply-adds in registers, at whatever clock the processor grants and with as many units as it
// has. Takes about 0.1 s, several seconds on slow kernels. Thread settings are as before
// afterwards.
ArithmeticSpeed measure_arithmetic_speed();

}  // namespace winnow
