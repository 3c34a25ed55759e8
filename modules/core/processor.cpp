#include "core/processor.h"

#include <fstream>

namespace winnow {
namespace {

#if defined(__x86_64__)

// The compiler's own run-time library reads cpuid and, by xgetbv, which registers the system saves.
InstructionSets instruction_sets() {
  __builtin_cpu_init();
  InstructionSets sets;
  sets.avx = __builtin_cpu_supports("avx") != 0;
  sets.avx2 = __builtin_cpu_supports("avx2") != 0;
  sets.fma = __builtin_cpu_supports("fma") != 0;
  sets.avx512f = __builtin_cpu_supports("avx512f") != 0;
  sets.avx512dq = __builtin_cpu_supports("avx512dq") != 0;
  sets.avx512bw = __builtin_cpu_supports("avx512bw") != 0;
  sets.avx512vl = __builtin_cpu_supports("avx512vl") != 0;
  sets.avx512cd = __builtin_cpu_supports("avx512cd") != 0;
  return sets;
}

Vendor vendor() {
  if (__builtin_cpu_is("intel") != 0) return Vendor::intel;
  return __builtin_cpu_is("amd") != 0 ? Vendor::amd : Vendor::other;
}

#else

InstructionSets instruction_sets() { return {}; }
Vendor vendor() { return Vendor::other; }

#endif

}  // namespace

VectorUnit vector_unit(const InstructionSets& sets) {
  if (!sets.avx) return VectorUnit::sse;
  if (!sets.avx2 || !sets.fma) return VectorUnit::avx;
  const bool avx512 =
      sets.avx512f && sets.avx512dq && sets.avx512bw && sets.avx512vl && sets.avx512cd;
  return avx512 ? VectorUnit::avx512 : VectorUnit::avx2;
}

const Processor& this_processor() {
  static const Processor processor{vendor(), vector_unit(instruction_sets())};
  return processor;
}

std::string processor_name() {
  std::ifstream lines("/proc/cpuinfo");
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "";
}

std::string name_of(VectorUnit vectors) {
  switch (vectors) {
    case VectorUnit::sse:
      return "SSE";
    case VectorUnit::avx:
      return "AVX";
    case VectorUnit::avx2:
      return "AVX2";
    case VectorUnit::avx512:
      return "AVX-512";
  }
  return "";
}

}  // namespace winnow
