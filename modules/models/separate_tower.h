#pragma once
// What a model offers whose vision tower can be trained by itself, before the rest of it: on what
// stands in each cell of a grid over the picture. Clips then go through the text model at any time,
// so that it learns what comes before what and not when.
//
// Shapes: F frames, G cells along a side, C width of a cell.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/torch.h"

namespace winnow {

struct ModelInput;

class SeparateTower {
 public:
  virtual ~SeparateTower() = default;
  virtual std::int64_t cells_per_side() const = 0;
  virtual std::int64_t cell_width() const = 0;
  // Frames as preprocess() gives them, [F, 3, side, side] uint8, to [F, C, G, G].
  virtual torch::Tensor cells(const torch::Tensor& frames) const = 0;
  // By the names that named_parameters() has.
  virtual std::vector<std::pair<std::string, torch::Tensor>> tower_parameters() const = 0;
  virtual void set_tower_trainable(bool trainable) = 0;
  // Cells show a linear map of what they showed from now on: weight [C, C], bias [C].
  virtual void mix_cells(const torch::Tensor& weight, const torch::Tensor& bias) = 0;
  // Scales cells from now on so that they have mean 0 and deviation 1 over these frames.
  virtual void standardise_cells(const torch::Tensor& frames) = 0;

  // Points in time that a clip's frames may stand at, one behind the other.
  virtual std::int64_t time_slots() const = 0;
  // Moves the first frame of every clip of an input to this one.
  virtual void place_clips(ModelInput& input, std::int64_t first_slot) const = 0;
  // Each turn of the user and its answer then see the first turn's media and themselves alone, as
  // if each were a conversation of its own: what was answered before tells nothing.
  virtual void separate_turns(ModelInput& input) const = 0;
};

}  // namespace winnow
