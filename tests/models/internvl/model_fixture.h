#pragma once
// A tiny InternVL3 that is trained from nothing.

#include "models/internvl/model.h"

namespace winnow::testing_support {

inline internvl::Options tiny_internvl_options() {
  internvl::Options options;
  options.width = 24;
  options.layers = 2;
  options.vision_width = 16;
  options.tile_size = 16;
  options.patch_size = 4;
  options.vocabulary_tokens = 280;
  return options;
}

}  // namespace winnow::testing_support
