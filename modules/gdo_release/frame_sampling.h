#pragma once
// Which frames the GDO release looks at.

#include <cstdint>
#include <vector>

namespace winnow::gdo_release {

// Places of `target` of `count` frames, first and last included, rounded half to even; all of them
// when target is 0 or less or not below count. Throws ConfigError for a target of 1 where there are
// more (the release divides by zero).
std::vector<std::int64_t> sample_frames(std::int64_t count, std::int64_t target);

}  // namespace winnow::gdo_release
