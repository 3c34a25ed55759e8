#pragma once
// The release's second pass: the best candidates of each stratum, and the reservoir.

#include <cstdint>
#include <vector>

#include "gdo_release/python/random.h"
#include "gdo_release/select/scan/candidate_pool.h"
#include "gdo_release/select/score/budget.h"
#include "gdo_release/select/score/score.h"

namespace winnow::gdo_release {

struct RankedCandidate {
  double score = 0.0, tie = 0.0;
  std::uint32_t candidate = 0;
};

struct SecondPass {
  std::vector<std::vector<RankedCandidate>> heaps;  // of plan.strata, the best first
  std::vector<RankedCandidate> all;                 // of all heaps, the best first
  std::vector<std::uint32_t> reservoir;
  std::int64_t with_metrics = 0;
  python::Random random;  // as the pass left it
};

SecondPass second_pass(const CandidatePool& pool, const SelectionPlan& plan, const Score& score,
                       std::int64_t seed);

}  // namespace winnow::gdo_release
