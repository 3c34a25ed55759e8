#pragma once
// Keeps matrix products on one thread.

#include "core/openblas.h"
#include "models/torch.h"

namespace winnow::bench {

inline void use_one_thread() {
  torch::set_num_threads(1);
  OpenBlas::loaded().set_threads(1);
}

}  // namespace winnow::bench
