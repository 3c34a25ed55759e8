#include "experiments/program/runtime.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>

namespace winnow {
namespace {

// Everything on disk is whole at any moment, so there is nothing to put in order.
void interrupted(int signal) {
  constexpr char message[] = "\ninterrupted; the same command goes on where this one stopped\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message, sizeof message - 1);
  ::_exit(128 + signal);
}

// OpenBLAS has a thread pool of its own, which LibTorch's setting does not reach. Looked up at run
// time, because LibTorch may come with another BLAS.
void use_one_blas_thread() {
  using SetThreads = void (*)(int);
  const auto set_threads =
      reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set_threads != nullptr) set_threads(1);
}

}  // namespace

void set_up_process() {
  struct sigaction action {};
  action.sa_handler = interrupted;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);

  at::set_num_threads(1);
  use_one_blas_thread();
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  at::globalContext().setFlushDenormal(true);
  cv::setNumThreads(1);
  // OpenCV and FFmpeg would write to standard error what decode() reports as a DataError.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
}

}  // namespace winnow
