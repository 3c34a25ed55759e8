#include "experiments/program/runtime.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <signal.h>
#include <unistd.h>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>

#include "core/openblas.h"

namespace winnow {
namespace {

// Everything on disk is whole at any moment, so there is nothing to put in order.
void interrupted(int signal) {
  constexpr char message[] = "\ninterrupted; the same command goes on where this one stopped\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message, sizeof message - 1);
  ::_exit(128 + signal);
}

}  // namespace

void set_up_process() {
  struct sigaction action {};
  action.sa_handler = interrupted;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);

  at::set_num_threads(1);
  OpenBlas::loaded().set_threads(1);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  at::globalContext().setFlushDenormal(true);
  cv::setNumThreads(1);
  // OpenCV and FFmpeg would write to standard error what decode() reports as a DataError.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
}

}  // namespace winnow
