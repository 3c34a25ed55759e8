#pragma once
// What there is to know of a medium's sampled frames without their pixels: enough to say how many
// tokens a model will make of them.

#include <cstdint>
#include <vector>

#include "media/frames.h"

namespace winnow {

struct FrameShape {
  Media::Kind kind = Media::Kind::image;
  std::int64_t frames = 1;             // sampled ones
  std::int64_t width = 0, height = 0;  // of the first frame, pixels
  std::vector<double> timestamps;      // of every frame, as Frames has them
};

FrameShape shape_of(const Frames& frames);

// That of what decode() gives; throws as decode does. Of an image only the header is looked at, so
// that damage behind it may go unnoticed; a clip is decoded once to learn its length and times.
FrameShape frame_shape(const Media& media, const SamplingOptions& options);

}  // namespace winnow
