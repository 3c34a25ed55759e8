#pragma once
// Why a selection took a sample, or did not: from its files alone, nothing is computed again.

#include <filesystem>
#include <string>

namespace winnow {

// Several lines of text: whether the sample was taken; its stratum, its rank there and its terms,
// beside those of the row at the border between taken and not taken; or why it could not be chosen.
// Throws IoError, and DataError for damaged files or an unknown sample, naming the nearest.
std::string explain_selection(const std::filesystem::path& manifest, const std::string& id);

}  // namespace winnow
