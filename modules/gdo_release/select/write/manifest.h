#pragma once
// The selection manifest of the release's selection: selectors/manifest.h, without the candidates,
// which `winnow explain` counts anew.

#include <filesystem>
#include <string>
#include <vector>

#include "gdo_release/select/fill/fill.h"
#include "gdo_release/select/options.h"
#include "gdo_release/select/scan/candidate_pool.h"
#include "gdo_release/select/score/budget.h"
#include "gdo_release/select/score/score.h"

namespace winnow::gdo_release {

struct ManifestInput {
  const SelectOptions& options;
  const CandidatePool& pool;
  const SelectionPlan& plan;
  const std::vector<MetricTerms>& terms;
  const Score& score;
  const Subset& subset;
  const std::string& pairs_digest;  // digest_of_pairs(pool)
};

// Of all that the selection reads of the pool's files.
std::string digest_of_pairs(const CandidatePool& pool);

// Writes selection-<digest>.jsonl beside the folder's subset.jsonl, whose ids it takes, and returns
// its name. The order of the pool's lines is part of this selection, so its digests follow it.
// Throws IoError.
std::string write_selection_manifest(const std::filesystem::path& folder,
                                     const ManifestInput& input);

}  // namespace winnow::gdo_release
