#pragma once
// Which frames of a clip belong to the part that a medium asks for.

#include <cstdint>
#include <optional>
#include <vector>

#include "media/medium.h"

namespace winnow {

// Frames [first, first + count).
struct FrameRange {
  std::int64_t first = 0, count = 0;
  bool operator==(const FrameRange&) const = default;
};

// The frames whose times (seconds, ascending) lie in the part of `media`, both ends included; all
// of them when it asks for no part.
FrameRange frames_of_part(const Media& media, const std::vector<double>& times);

// The same for `total` frames at an even rate, before their times are known.
FrameRange frames_of_part(const Media& media, std::int64_t total,
                          std::optional<double> frames_per_second);

// Seconds of the part of a clip that lasts `duration`; nothing when that is unknown.
std::optional<double> duration_of_part(const Media& media, std::optional<double> duration);

}  // namespace winnow
