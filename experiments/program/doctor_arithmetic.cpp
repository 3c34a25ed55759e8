#include "experiments/program/doctor_arithmetic.h"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/blas_self_test.h"
#include "models/torch.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "unset" : value;
}

// The library whose function answers the call, links followed; empty when there is none. Several
// BLAS libraries may be loaded at once.
std::string library_of(const char* function) {
  Dl_info info{};
  void* address = ::dlsym(RTLD_DEFAULT, function);
  if (address == nullptr || ::dladdr(address, &info) == 0) return "";
  std::error_code error;
  const fs::path path = fs::canonical(info.dli_fname, error);
  return error ? info.dli_fname : path.string();
}

bool is_openblas(const std::string& library) {
  return library.find("openblas") != std::string::npos;
}

std::string blas_description(const std::string& library) {
  if (at::hasMKL()) return at::get_mkl_version();
  if (library.empty()) return "inside LibTorch";
  if (!is_openblas(library)) return library;
  return fmt::format("{} ({})", OpenBlas::loaded().config(), library);
}

Arithmetic examine() {
  Arithmetic found;
  found.processor = this_processor();
  if (!at::hasMKL()) found.library = library_of("sgemm_");
  if (is_openblas(found.library)) found.kernel = blas_kernel();
  found.speed = measure_arithmetic_speed();
  return found;
}

std::string speed_description(const ArithmeticSpeed& speed) {
  const std::string rate = fmt::format("{:.0f} GFLOP/s on one thread (float32)", speed.product);
  const auto share = speed.share();
  if (!share) return rate;
  return fmt::format("{}, {:.0f} % of the processor's peak", rate, 100 * *share);
}

void report_threads(Findings& findings) {
  const OpenBlas blas = OpenBlas::loaded();
  const int torch_threads = at::get_num_threads();
  findings.fact(
      "threads",
      fmt::format("LibTorch {}, OpenBLAS {}; OMP_NUM_THREADS {}, "
                  "OPENBLAS_NUM_THREADS {}",
                  torch_threads, blas.present() ? std::to_string(blas.threads()) : "not in use",
                  environment("OMP_NUM_THREADS"), environment("OPENBLAS_NUM_THREADS")));
  if (torch_threads > 1 && blas.threads() > 1) {
    findings.slow(fmt::format(
        "LibTorch with {} threads and OpenBLAS with {} are two pools that fight for the same "
        "cores: unset OMP_NUM_THREADS, or set OPENBLAS_NUM_THREADS=1 beside it",
        torch_threads, blas.threads()));
  }
}

}  // namespace

std::string slow_product_advice(const Arithmetic& found) {
  const BlasKernel& kernel = found.kernel;
  const auto share = found.speed.share();
  const bool slow = share && *share < slow_share;
  const std::string vectors = name_of(found.processor.vectors);
  const std::string reached =
      share
          ? fmt::format("matrix products reach {:.0f} % of what the processor can do", 100 * *share)
          : fmt::format("matrix products reach {:.1f} GFLOP/s", found.speed.product);

  if (kernel.wrong_results) {
    return fmt::format(
        "{}: OpenBLAS took it for another one and computes with kernels for {}. Those for {} suit "
        "it "
        "and were tried, but multiply wrongly. A newer OpenBLAS is the cure",
        reached, kernel.core, kernel.better);
  }
  if (!kernel.better.empty() && kernel.choice == BlasKernel::Choice::user) {
    return fmt::format(
        "{}: OPENBLAS_CORETYPE={} is your choice, and OpenBLAS computes with kernels for {}. Unset "
        "it, or set it to {}, which is for this processor ({})",
        reached, environment("OPENBLAS_CORETYPE"), kernel.core, kernel.better, vectors);
  }
  if (!kernel.better.empty()) {
    return fmt::format(
        "{}: OpenBLAS does not know it and computes with kernels for {}. Set "
        "OPENBLAS_CORETYPE={} in the environment before winnow is started, or install a newer "
        "OpenBLAS",
        reached, kernel.core, kernel.better);
  }
  if (vector_unit_of_core(kernel.core) < found.processor.vectors) {
    return fmt::format(
        "{}: this OpenBLAS was built without kernels for {}, its best are those for {}. On Debian, "
        "install libopenblas0-pthread, which has all",
        reached, vectors, kernel.core);
  }
  if (!slow) return "";
  if (!found.library.empty() && !is_openblas(found.library)) {
    return fmt::format(
        "{}: LibTorch takes its BLAS from {}, which has no kernels for this processor, and "
        "everything that trains or scores is many times slower than it need be. On Debian, install "
        "libopenblas0-pthread; where it is installed, update-alternatives --config "
        "libblas.so.3-x86_64-linux-gnu selects it",
        reached, found.library);
  }
  return fmt::format(
      "{}, although its kernels suit it: something else uses the same core or its caches. Try "
      "again "
      "when the machine is quiet",
      reached);
}

void report_arithmetic(Findings& findings) {
  report_threads(findings);
  findings.fact("LibTorch",
                fmt::format("{}, CUDA {}", TORCH_VERSION,
                            at::hasCUDA() ? fmt::format("on {} devices",
                                                        at::detail::getCUDAHooks().getNumGPUs())
                                          : "not available"));
  const Arithmetic found = examine();
  findings.fact("BLAS", blas_description(found.library));
  const bool right = blas_multiplies_rightly();
  findings.fact("kernel",
                fmt::format("{}, products {}", describe(found.kernel), right ? "right" : "WRONG"));
  if (!right) {
    findings.missing(
        "BLAS multiplies wrongly: no result can be trusted. Set OPENBLAS_CORETYPE=Haswell before "
        "winnow is started, or install another BLAS");
  }
  findings.fact("matmul", speed_description(found.speed));
  if (found.speed.peak) {
    findings.fact("peak", fmt::format("{:.0f} GFLOP/s, timed: multiply-adds in {} registers",
                                      *found.speed.peak, name_of(found.processor.vectors)));
  }
  const std::string advice = slow_product_advice(found);
  if (!advice.empty()) findings.slow(advice);
}

}  // namespace winnow
