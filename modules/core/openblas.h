#pragma once
// The OpenBLAS that this process has loaded. Its functions are looked up by name at run time,
// because LibTorch may come with another BLAS and nothing here links to either.

#include <string>

namespace winnow {

class OpenBlas {
 public:
  // Whatever the process has loaded; present() says whether there is one.
  static OpenBlas loaded();

  bool present() const { return core_name_ != nullptr; }

  // "OpenBLAS 0.3.21 DYNAMIC_ARCH ... SkylakeX MAX_THREADS=64"; empty when absent.
  std::string config() const;
  // The kernels that compute, by the name of the processor core they were written for ("Haswell");
  // empty when absent.
  std::string core() const;
  // Whether the library was built with kernels for `core` to choose from when it starts.
  bool has_core(const std::string& core) const;

  // The library keeps threads of its own, which LibTorch's setting does not reach. 0 when absent.
  int threads() const;
  void set_threads(int threads) const;

  // Lets the library choose its kernels again, as it does when it is loaded with
  // OPENBLAS_CORETYPE=`core`, or without that variable when `core` is empty. The environment is as
  // before afterwards. No other thread may be multiplying or reading the environment meanwhile.
  // Returns whether the library now computes with that core; false, too, when it has kernels for
  // one core alone and nothing to choose.
  bool choose_core(const std::string& core) const;

 private:
  int (*get_threads_)() = nullptr;
  void (*set_threads_)(int) = nullptr;
  char* (*config_)() = nullptr;
  char* (*core_name_)() = nullptr;
  void (*drop_core_)() = nullptr;
  void (*pick_core_)() = nullptr;
  void* (*allocate_)(int) = nullptr;
  void (*free_)(void*) = nullptr;
};

}  // namespace winnow
