#pragma once
// Which kernels multiply matrices, chosen by what the processor can do.
//
// OpenBLAS has kernels for many processors and picks some when it is loaded, by the processor's
// model number. Up to version 0.3.24 an Intel processor newer than the library is taken for a
// Pentium 4 (its core "Prescott", OpenBLAS issue 4267): a third to a sixth of the speed, and
// nothing says so. Every program that links this library therefore looks, before main(), whether
// the core that was picked uses the processor's vector unit, and lets the library pick again where
// not.

#include <functional>
#include <string>
#include <string_view>

#include "core/openblas.h"
#include "core/processor.h"

namespace winnow {

// The vector unit that a core of OpenBLAS computes with. A name that is not known is that of a core
// newer than this list, hence the widest.
VectorUnit vector_unit_of_core(std::string_view core);

// The core that suits the processor better than `core`, of those that the library has; empty when
// `core` uses the processor's vector unit already, or the library has nothing wider.
std::string better_core(std::string_view core, const Processor& processor,
                        const std::function<bool(const std::string&)>& library_has);

// What settling the kernels came to.
struct BlasKernel {
  enum class Choice {
    none,     // there is no OpenBLAS in the process; all else is empty
    library,  // of OpenBLAS itself
    user,     // OPENBLAS_CORETYPE was set when the program started
    winnow,
  };
  Choice choice = Choice::none;
  std::string core;            // what computes
  std::string first_core;      // what the library started with
  std::string better;          // a core that would be right and does not compute; empty when none
  bool wrong_results = false;  // `better` was tried and failed the self-test
};

// Looks at the core, and changes it where a better one is there, nobody else chose, and
// `multiplies_rightly` confirms its results; otherwise the library's own choice is in force
// afterwards. To be called while no other thread multiplies.
BlasKernel settle_blas_kernel(const OpenBlas& blas, const Processor& processor,
                              const std::function<bool()>& multiplies_rightly);

// What computes in this process: settled before main(), microseconds where the library's choice was
// right, some milliseconds where it was not. Programs that link the library by hand, without
// CMake's target winnow_core, have to call this once at their start for it to be so.
const BlasKernel& blas_kernel();

// "SkylakeX (chosen by winnow, the library took Prescott)"; "not OpenBLAS" when there is none.
std::string describe(const BlasKernel& kernel);

}  // namespace winnow
