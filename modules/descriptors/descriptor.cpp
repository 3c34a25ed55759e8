#include "descriptors/descriptor.h"

namespace winnow {

bool Needs::model() const {
  return loss_with_vision || loss_without_vision || loss_single_frame || sampled_answers > 0 ||
         prompt_features || question_features;
}

Cell Observation::absent() const {
  return failure.empty() ? Cell::missing() : Cell::failed(failure);
}

config::ComponentKind<Descriptor>& descriptors() {
  static config::ComponentKind<Descriptor> kind("descriptor");
  return kind;
}

}  // namespace winnow
