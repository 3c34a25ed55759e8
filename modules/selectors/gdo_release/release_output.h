#pragma once
// Subset and baseline as files in the release's row format.

#include <filesystem>
#include <memory>

#include "selectors/gdo_release/candidate_pool.h"
#include "selectors/gdo_release/release_fill.h"
#include "selectors/gdo_release/release_pair.h"
#include "selectors/gdo_release/release_score.h"

namespace winnow::gdo_release {

// Makes files of rows of the pool. Scores are added to each row's "meta".
class RowFiles {
 public:
  RowFiles(const ScanOptions& files, const CandidatePool& pool, const ReleaseScore& score);
  ~RowFiles();

  // Both throw IoError, and DataError for a row that the release cannot write.
  void write(const Subset& subset, const std::filesystem::path& path);
  void write(const Baseline& baseline, const Subset& subset, const std::filesystem::path& path);

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace winnow::gdo_release
