#include "benchmarks/evaluator.h"

namespace winnow {

config::ComponentKind<Evaluator>& evaluators() {
  static config::ComponentKind<Evaluator> kind("evaluator");
  return kind;
}

}  // namespace winnow
