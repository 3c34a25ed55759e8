#include "measuring/cell.h"

#include <cmath>

namespace winnow {

Cell Cell::number(double value) {
  if (!std::isfinite(value)) return failed("the value is not a finite number");
  return {value, CellState::valid, {}};
}

Cell Cell::failed(std::string reason) { return {0.0, CellState::failed, std::move(reason)}; }

Cell Cell::not_applicable() { return {0.0, CellState::not_applicable, {}}; }

Cell Cell::missing() { return {0.0, CellState::missing, {}}; }

}  // namespace winnow
