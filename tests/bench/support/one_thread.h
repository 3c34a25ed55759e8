#pragma once
// Keeps matrix products on one thread.

#include <dlfcn.h>

#include "models/torch.h"

namespace winnow::bench {

inline void use_one_thread() {
  torch::set_num_threads(1);
  // OpenBLAS has threads of its own; LibTorch may come with another library.
  using SetThreads = void (*)(int);
  if (const auto set =
          reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
    set(1);
  }
}

}  // namespace winnow::bench
