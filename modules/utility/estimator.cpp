#include "utility/estimator.h"

namespace winnow {

config::ComponentKind<UtilityEstimator>& utilities() {
  static config::ComponentKind<UtilityEstimator> kind("utility");
  return kind;
}

}  // namespace winnow
