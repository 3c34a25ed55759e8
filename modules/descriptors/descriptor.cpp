#include "descriptors/descriptor.h"

#include <cmath>

namespace winnow {

bool Needs::model() const {
  return loss_with_vision || loss_without_vision || loss_single_frame || sampled_answers > 0 ||
         prompt_features || question_features;
}

Cell Cell::number(double value) {
  if (!std::isfinite(value)) return failed("the value is not a finite number");
  return {value, CellState::valid, {}};
}

Cell Cell::failed(std::string reason) { return {0.0, CellState::failed, std::move(reason)}; }

Cell Cell::not_applicable() { return {0.0, CellState::not_applicable, {}}; }

Cell Cell::absent(const Observation& observation) {
  if (observation.failure.empty()) return {0.0, CellState::missing, {}};
  return failed(observation.failure);
}

config::ComponentKind<Descriptor>& descriptors() {
  static config::ComponentKind<Descriptor> kind("descriptor");
  return kind;
}

}  // namespace winnow
