#pragma once
// How often each event occurs in clips; shared by base data and benchmarks.

#include "core/random.h"
#include "worlds/scene.h"

namespace winnow::micro_world {

SceneRequest draw_clip_request(int frames, RandomStream& random);

}  // namespace winnow::micro_world
