#pragma once
// A base whose vision tower is trained by itself first: on what stands where in single frames. The
// rest then learns from the tower's features, which are computed once.

#include <memory>

#include "worlds/micro_base.h"

namespace winnow {

// `family`: makes models with a SeparateTower. Clips are placed at all times, so that later, longer
// ones find every time trained.
std::unique_ptr<VisionLanguageModel> train_staged_base(const MicroBaseOptions& options,
                                                       const ModelFamily& family,
                                                       const BaseJob& job);

}  // namespace winnow
