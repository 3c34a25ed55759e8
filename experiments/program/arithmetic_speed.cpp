#include "experiments/program/arithmetic_speed.h"

#include <algorithm>
#include <ctime>

#include "core/openblas.h"
#include "core/processor.h"
#include "models/torch.h"

namespace winnow {
namespace {

// Everything on one thread until the end of the scope.
class SingleThread {
 public:
  SingleThread() : torch_threads_(at::get_num_threads()), blas_threads_(blas_.threads()) {
    at::set_num_threads(1);
    blas_.set_threads(1);
  }
  ~SingleThread() {
    at::set_num_threads(torch_threads_);
    blas_.set_threads(blas_threads_);
  }
  SingleThread(const SingleThread&) = delete;
  SingleThread& operator=(const SingleThread&) = delete;

 private:
  OpenBlas blas_ = OpenBlas::loaded();
  int torch_threads_, blas_threads_;
};

double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

template <class Work>
double seconds_of(const Work& work) {
  const double begin = thread_seconds();
  work();
  return thread_seconds() - begin;
}

#if defined(__x86_64__)

// Twelve sums that do not wait for each other: enough for two units of a latency of up to six
// cycles. Assembler, because no setting of the compiler may change what is timed.
// clang-format off
#define WINNOW_MULTIPLY_ADDS(r)                                   \
  asm volatile("vzeroall\n"                                       \
               "vbroadcastss %1, %%" r "14\n"                     \
               "vbroadcastss %1, %%" r "15\n"                     \
               "1:\n"                                             \
               ".irp sum,0,1,2,3,4,5,6,7,8,9,10,11\n"             \
               "vfmadd231ps %%" r "14, %%" r "15, %%" r "\\sum\n" \
               ".endr\n"                                          \
               "dec %0\n"                                         \
               "jnz 1b\n"                                         \
               "vzeroall\n"                                       \
               : "+r"(rounds)                                     \
               : "m"(half)                                        \
               : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", \
                 "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc")
// clang-format on

// Billions of operations a second.
std::optional<double> timed_multiply_adds() {
  constexpr long long all_rounds = 500'000;
  const VectorUnit vectors = this_processor().vectors;
  if (vectors < VectorUnit::avx2) return std::nullopt;
  const float half = 0.5F;
  long long rounds = all_rounds;
  double lanes = 8, seconds = 0;
  if (vectors == VectorUnit::avx512) {
    lanes = 16;
    seconds = seconds_of([&] { WINNOW_MULTIPLY_ADDS("zmm"); });
  } else {
    seconds = seconds_of([&] { WINNOW_MULTIPLY_ADDS("ymm"); });
  }
  return 2.0 * 12.0 * lanes * all_rounds / seconds / 1e9;
}

#undef WINNOW_MULTIPLY_ADDS

#else

std::optional<double> timed_multiply_adds() { return std::nullopt; }

#endif

}  // namespace

ArithmeticSpeed measure_arithmetic_speed() {
  const SingleThread single_thread;
  const c10::InferenceMode inference;
  constexpr std::int64_t size = 768;
  const at::Tensor left = at::full({size, size}, 0.5F);
  const at::Tensor right = at::full({size, size}, 0.25F);
  // The first ones pay for buffers and for the change of the processor's clock.
  at::mm(left, right);
  timed_multiply_adds();
  ArithmeticSpeed best;
  for (int repeat = 0; repeat < 3; ++repeat) {
    const double seconds = seconds_of([&] { at::mm(left, right); });
    best.product = std::max(best.product, 2.0 * size * size * size / seconds / 1e9);
    best.peak = std::max(best.peak, timed_multiply_adds());
  }
  return best;
}

}  // namespace winnow
