#pragma once
// Subset and baseline as files in the release's row format.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "selectors/gdo_release/candidate_pool.h"
#include "selectors/gdo_release/release_pair.h"
#include "selectors/gdo_release/release_score.h"

namespace winnow::gdo_release {

// Writes `subset` and `baseline` (rows of the pool) to the two paths; an empty `baseline_path`
// writes no baseline. Scores are added to each row's "meta". Throws IoError, and DataError for a
// row that the release cannot write.
void write_rows(const ScanOptions& files, const CandidatePool& pool, const ReleaseScore& score,
                const std::vector<std::uint32_t>& subset, const std::filesystem::path& subset_path,
                const std::vector<std::uint32_t>& baseline,
                const std::filesystem::path& baseline_path);

}  // namespace winnow::gdo_release
