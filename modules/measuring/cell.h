#pragma once
// What a maker of columns says of one sample and one column.

#include <string>

#include "pool/sample_table.h"

namespace winnow {

// A number, or why there is none.
struct Cell {
  double value = 0.0;
  CellState state = CellState::valid;
  std::string reason = {};  // one line; for failed cells

  // A finite number as valid; anything else as failed.
  static Cell number(double value);
  static Cell failed(std::string reason);
  static Cell not_applicable();
  static Cell missing();
};

}  // namespace winnow
