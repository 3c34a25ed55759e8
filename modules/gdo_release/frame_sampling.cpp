#include "gdo_release/frame_sampling.h"

#include <cmath>

#include "core/errors.h"

namespace winnow::gdo_release {

std::vector<std::int64_t> sample_frames(std::int64_t count, std::int64_t target) {
  const bool all = target <= 0 || count <= target;
  if (!all && target == 1) {
    throw ConfigError("one frame of " + std::to_string(count) +
                      " is asked for: the release divides by zero there; choose 2 or more");
  }
  std::vector<std::int64_t> places;
  for (std::int64_t i = 0; i < (all ? count : target); ++i) {
    // llrint: halves go to even in the default rounding mode.
    places.push_back(
        all ? i
            : std::llrint(static_cast<double>(i * (count - 1)) / static_cast<double>(target - 1)));
  }
  return places;
}

}  // namespace winnow::gdo_release
