#pragma once
// Why the release's selection takes a pair, or does not.

#include <cstdint>
#include <string>

#include "gdo_release/select/fill/fill.h"
#include "gdo_release/select/fill/second_pass.h"
#include "gdo_release/select/scan/candidate_pool.h"
#include "gdo_release/select/score/budget.h"
#include "gdo_release/select/score/score.h"

namespace winnow::gdo_release {

struct ExplanationInput {
  const CandidatePool& pool;
  const SelectionPlan& plan;
  const SecondPass& pass;
  const Score& score;
  const Subset& subset;
  std::int64_t max_qa_per_video;
};

// Several lines for each pair with this uid (the release lets several share one). Throws DataError
// when there is none among the candidates.
std::string explain_pair(const ExplanationInput& input, const std::string& uid);

}  // namespace winnow::gdo_release
