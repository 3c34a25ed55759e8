#pragma once
// Subset and baseline as files in the release's row format.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gdo_release/select/fill/fill.h"
#include "gdo_release/select/scan/candidate_pool.h"
#include "gdo_release/select/scan/pair.h"
#include "gdo_release/select/score/score.h"

namespace winnow::gdo_release {

// A file of rows that is wanted: candidates of the pool, in the file's order, some perhaps twice.
struct RowFile {
  std::filesystem::path path;
  const std::vector<std::uint32_t>* rows;
};

// Writes files of rows of the pool, with scores in each row's "meta". A row that several files hold
// is made once as long as all texts fit into the memory that a small pool leaves (some 360 MB; at
// least 24 MB are used). Throws IoError, and DataError for a row that the release cannot write.
void write_rows(const ScanOptions& pool_files, const CandidatePool& pool, const Score& score,
                const std::vector<RowFile>& wanted);

// The file of a baseline that repeats rows, where some show scores of other pairs of their uid.
void write_repeating(const ScanOptions& pool_files, const CandidatePool& pool, const Score& score,
                     const Baseline& baseline, const Subset& subset,
                     const std::filesystem::path& path);

}  // namespace winnow::gdo_release
