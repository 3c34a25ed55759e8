#pragma once
// Columns that a selector may read: the table of a stage's output, by the role of the input.

#include <filesystem>
#include <string>

#include "experiments/stages/stage.h"

namespace winnow {

struct MeasuredColumns {
  std::string role;  // "descriptor loss"
  StageOutput output;
  std::filesystem::path table() const { return output.folder / "table"; }
};

}  // namespace winnow
