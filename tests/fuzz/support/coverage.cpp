// Tells libFuzzer which code ran, in a build by GCC.
//
// Clang cannot read LibTorch 1.13 together with libstdc++ 12 in C++20, and GCC knows only
// -fsanitize-coverage=trace-pc, which libFuzzer has given up. It still takes 8-bit counters, so
// each place in the code gets one by a hash of its address.

#include <cstdint>

extern "C" void __sanitizer_cov_8bit_counters_init(std::uint8_t* begin, std::uint8_t* end);

namespace {

constexpr int kBits = 18;
std::uint8_t counters[1 << kBits];

// The GNU linker keeps this object whole, and constructors run before libFuzzer's main.
[[gnu::constructor]] void announce_counters() {
  __sanitizer_cov_8bit_counters_init(counters, counters + sizeof counters);
}

}  // namespace

extern "C" void __sanitizer_cov_trace_pc() {
  const auto address = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  ++counters[(address * 0x9E3779B97F4A7C15ULL) >> (64 - kBits)];
}

// Comparisons of floating-point numbers: GCC reports them, libFuzzer takes those of integers alone.
extern "C" void __sanitizer_cov_trace_cmpf(float, float) {}
extern "C" void __sanitizer_cov_trace_cmpd(double, double) {}
