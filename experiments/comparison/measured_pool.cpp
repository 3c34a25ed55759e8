#include "experiments/comparison/measured_pool.h"

namespace winnow {

config::ComponentKind<MeasuredPoolWriter>& measured_pool_writers() {
  static config::ComponentKind<MeasuredPoolWriter> kind("measured_pool");
  return kind;
}

}  // namespace winnow
