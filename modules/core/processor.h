#pragma once
// What this machine's processor can do, as far as the operating system lets it.

#include <string>

namespace winnow {

enum class Vendor { intel, amd, other };

// Instruction sets that arithmetic kernels are written for. A flag is true when the processor has
// the instructions and the operating system saves the registers they work on.
struct InstructionSets {
  bool avx = false, avx2 = false, fma = false;
  bool avx512f = false, avx512dq = false, avx512bw = false, avx512vl = false, avx512cd = false;
};

// The widest vector arithmetic to count on, narrowest first, so that they compare by "<". avx2
// stands for AVX2 with fused multiply-add; avx512 for the five sets that came with Skylake servers.
enum class VectorUnit { sse, avx, avx2, avx512 };

VectorUnit vector_unit(const InstructionSets& sets);

struct Processor {
  Vendor vendor = Vendor::other;
  VectorUnit vectors = VectorUnit::sse;
};

// Asked of the processor itself. `sse` stands for whatever a processor that is no x86 has.
const Processor& this_processor();

// "Intel(R) Xeon(R) Platinum 8592+"; empty where the system does not say.
std::string processor_name();

// "SSE", "AVX", "AVX2", "AVX-512".
std::string name_of(VectorUnit vectors);

}  // namespace winnow
