#pragma once
// Media as files that are sent along with a question.

#include <cstdint>
#include <string>
#include <vector>

#include "media/frames.h"

namespace winnow {

// The frames as JPEG files, no side longer than `longest_side` pixels, in order. Throws DataError
// when OpenCV cannot encode one.
std::vector<std::string> jpeg_files(const Frames& frames, std::int64_t longest_side,
                                    std::int64_t quality);

}  // namespace winnow
