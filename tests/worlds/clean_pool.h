#pragma once
// Options of a pool to plant in.

#include "worlds/micro_world.h"

namespace winnow::micro_world {

// A pool in which nothing is wrong, seen without a style, so that eyes are sure.
inline MicroWorldOptions clean(std::int64_t questions, std::int64_t seed = 3) {
  MicroWorldOptions options;
  options.seed = seed;
  options.questions = questions;
  options.wrong_share = options.wrong_temporal_share = options.near_duplicate_share = 0;
  options.blind_share = options.verbose_share = options.static_video_share = 0;
  options.style_strength = 0;
  options.multi_image_share = options.multi_turn_share = options.long_video_share = 0;
  return options;
}

}  // namespace winnow::micro_world
