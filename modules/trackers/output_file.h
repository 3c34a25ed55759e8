#pragma once
// A file that a tracker writes piece by piece, and whose length it remembers: what was written
// after that, by a process that was killed or a piece that failed, is cut off before it is written
// again.

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace winnow {

// Puts `bytes` at `length`, where the file ends then, and returns the new length. Makes the file
// and its folder where length is 0. Throws IoError, also for a file that is shorter than `length`.
std::uint64_t write_at(const std::filesystem::path& file, std::uint64_t length,
                       std::string_view bytes);

}  // namespace winnow
