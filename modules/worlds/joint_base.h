#pragma once
// A base of any family that can be trained from nothing: all of its parts together, on the
// questions of the base corpus.

#include <memory>

#include "worlds/micro_base.h"

namespace winnow {

// In two phases, images first. The options of the tower's own training say nothing here. Scenes are
// rendered again whenever they are needed, so that none is kept.
std::unique_ptr<VisionLanguageModel> train_joint_base(const MicroBaseOptions& options,
                                                      const ModelFamily& family,
                                                      const BaseJob& job);

}  // namespace winnow
