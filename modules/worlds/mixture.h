#pragma once
// How often each event occurs in clips; shared by base data and benchmarks.

#include "core/random.h"
#include "worlds/scene.h"

namespace winnow::micro_world {

// `motion_weight`: how many times as often as in pools and benchmarks objects move.
SceneRequest draw_clip_request(int frames, RandomStream& random, double motion_weight = 1.0);

}  // namespace winnow::micro_world
