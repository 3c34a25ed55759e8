#include "core/blas_kernel.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "core/blas_self_test.h"

// Why here and like this. The library reads OPENBLAS_CORETYPE in its constructor and never again,
// so the variable has to be there before the program is loaded, or the choice has to be made anew.
// Ways that were weighed:
//
// - A script that sets the variable does not reach the binary, the tests, or programs of others.
// - A .preinit_array function runs early enough to set it, but glibc sets up the environment later
//   and forgets what was set (tried with 2.36), and what the library would choose is not known yet.
// - Executing /proc/self/exe again with the variable set would load LibTorch twice (0.4 s), rename
//   the process to "exe", and leave the variable to child processes, of which a Python with an
//   OpenBLAS of its own knows better.
// - The library's own two functions for choosing kernels are global symbols. Called before main(),
//   they do what its constructor does. Nothing outside of the library's memory changes, and the
//   choice can be taken back. Where a build hides them, everything stays as it is and
//   `winnow doctor` says what to set.
//
// A switch is safe while nothing multiplies: the library's threads sleep until there is work, and
// neither their buffers nor anything else that it has set up by then depends on the core.

namespace winnow {
namespace {

struct Core {
  std::string_view name;
  VectorUnit vectors;
};
// In the library's order. Excavator, Steamroller and Piledriver multiply and add in one
// instruction, and are the right kernels for the processors of these names.
constexpr std::array cores = {
    Core{"Katmai", VectorUnit::sse},        Core{"Coppermine", VectorUnit::sse},
    Core{"Northwood", VectorUnit::sse},     Core{"Prescott", VectorUnit::sse},
    Core{"Banias", VectorUnit::sse},        Core{"Atom", VectorUnit::sse},
    Core{"Core2", VectorUnit::sse},         Core{"Penryn", VectorUnit::sse},
    Core{"Dunnington", VectorUnit::sse},    Core{"Nehalem", VectorUnit::sse},
    Core{"Athlon", VectorUnit::sse},        Core{"Opteron", VectorUnit::sse},
    Core{"Opteron_SSE3", VectorUnit::sse},  Core{"Barcelona", VectorUnit::sse},
    Core{"Nano", VectorUnit::sse},          Core{"Bobcat", VectorUnit::sse},
    Core{"Sandybridge", VectorUnit::avx},   Core{"Bulldozer", VectorUnit::avx},
    Core{"Piledriver", VectorUnit::avx2},   Core{"Steamroller", VectorUnit::avx2},
    Core{"Excavator", VectorUnit::avx2},    Core{"Haswell", VectorUnit::avx2},
    Core{"Zen", VectorUnit::avx2},          Core{"SkylakeX", VectorUnit::avx512},
    Core{"Cooperlake", VectorUnit::avx512}, Core{"SapphireRapids", VectorUnit::avx512}};

// Best first; each runs on every processor with that vector unit.
std::vector<std::string> suitable_cores(const Processor& processor) {
  std::vector<std::string> result;
  if (processor.vectors >= VectorUnit::avx512) result.emplace_back("SkylakeX");
  if (processor.vectors >= VectorUnit::avx2) {
    if (processor.vendor == Vendor::amd) result.emplace_back("Zen");
    result.emplace_back("Haswell");
  }
  if (processor.vectors >= VectorUnit::avx) result.emplace_back("Sandybridge");
  return result;
}

void warn(const BlasKernel& kernel) {
  const std::string message = "winnow: OpenBLAS's kernels for " + kernel.better +
                              " multiply wrongly on this processor; its own choice, " +
                              kernel.core + ", stays, which is slow\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message.data(), message.size());
}

BlasKernel settle_for_this_process() {
  const BlasKernel kernel =
      settle_blas_kernel(OpenBlas::loaded(), this_processor(), blas_multiplies_rightly);
  if (kernel.wrong_results) warn(kernel);
  return kernel;
}

}  // namespace

VectorUnit vector_unit_of_core(std::string_view core) {
  const auto* const known =
      std::find_if(cores.begin(), cores.end(), [&](const Core& c) { return c.name == core; });
  return known == cores.end() ? VectorUnit::avx512 : known->vectors;
}

std::string better_core(std::string_view core, const Processor& processor,
                        const std::function<bool(const std::string&)>& library_has) {
  for (const std::string& suitable : suitable_cores(processor)) {
    if (vector_unit_of_core(suitable) <= vector_unit_of_core(core)) break;
    if (library_has(suitable)) return suitable;
  }
  return "";
}

BlasKernel settle_blas_kernel(const OpenBlas& blas, const Processor& processor,
                              const std::function<bool()>& multiplies_rightly) {
  BlasKernel kernel;
  if (!blas.present()) return kernel;
  const auto library_has = [&](const std::string& core) { return blas.has_core(core); };
  kernel.first_core = kernel.core = blas.core();
  kernel.better = better_core(kernel.core, processor, library_has);
  const bool by_user = std::getenv("OPENBLAS_CORETYPE") != nullptr;
  kernel.choice = by_user ? BlasKernel::Choice::user : BlasKernel::Choice::library;
  if (by_user || kernel.better.empty()) return kernel;

  const bool chosen = blas.choose_core(kernel.better);
  if (chosen && multiplies_rightly()) {
    kernel.core = std::move(kernel.better);
    kernel.better.clear();
    kernel.choice = BlasKernel::Choice::winnow;
  } else {
    kernel.wrong_results = chosen;
    blas.choose_core("");
  }
  return kernel;
}

const BlasKernel& blas_kernel() {
  static const BlasKernel kernel = settle_for_this_process();
  return kernel;
}

std::string describe(const BlasKernel& kernel) {
  switch (kernel.choice) {
    case BlasKernel::Choice::none:
      return "not OpenBLAS";
    case BlasKernel::Choice::library:
      return kernel.core;
    case BlasKernel::Choice::user:
      return kernel.core + " (OPENBLAS_CORETYPE is set)";
    case BlasKernel::Choice::winnow:
      return kernel.core + " (chosen by winnow, the library took " + kernel.first_core + ")";
  }
  return "";
}

}  // namespace winnow

// The C name is for the linker, which the build tells to take this file into every program.
extern "C" [[gnu::constructor]] void winnow_settle_blas_kernel() { winnow::blas_kernel(); }
