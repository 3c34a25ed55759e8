#pragma once
// Training of a vision tower by itself: every cell of a 4 x 4 grid says whether an object's centre
// lies in it, and of what colour, shape, offset and brightness it is.

#include <vector>

#include "models/torch.h"
#include "worlds/micro_base.h"
#include "worlds/micro_world.h"

namespace winnow {

// Frames with their truth, ready for the tower.
struct TowerFrames {
  torch::Tensor pixels;                                      // [F, 3, size, size] uint8
  std::vector<std::vector<micro_world::ObjectTruth>> truth;  // [F]
};

// Trains the separate tower of `model` in place, then standardises its cells. Returns the share of
// occupied cells whose colour and shape the tower names rightly on the frames of its last tenth,
// which it has not been trained on.
double train_micro_tower(const MicroBaseOptions& options, VisionLanguageModel& model,
                         const TowerFrames& frames, std::uint64_t seed);

}  // namespace winnow
