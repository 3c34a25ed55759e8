#pragma once
// The part of `winnow doctor` that looks at matrix products: who computes them, how fast, and why
// not faster.

#include <string>
#include <vector>

#include "core/blas_kernel.h"
#include "experiments/program/arithmetic_speed.h"
#include "experiments/program/doctor_findings.h"

namespace winnow {

// What was found out about matrix products.
struct Arithmetic {
  Processor processor;
  std::string library;  // file of the BLAS that answers LibTorch; empty: LibTorch brings its own
  BlasKernel kernel;    // of OpenBLAS, when that is the library
  ArithmeticSpeed speed;
};

// Below this share of the processor's peak a product is slow. On a processor with AVX-512 its own
// kernels reach 55 to 75 %, those for AVX2 just above a third, those for SSE a sixth.
inline constexpr double slow_share = 1.0 / 3.0;

// Why products are slower than they need be, and the cure; empty when they are not.
std::string slow_product_advice(const Arithmetic& found);

// Reports thread settings (first: later checks change them), LibTorch, BLAS, its kernel and speed.
void report_arithmetic(Findings& findings);

}  // namespace winnow
