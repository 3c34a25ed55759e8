#include "trainers/trainer.h"

namespace winnow {

config::ComponentKind<Trainer>& trainers() {
  static config::ComponentKind<Trainer> kind("trainer");
  return kind;
}

}  // namespace winnow
