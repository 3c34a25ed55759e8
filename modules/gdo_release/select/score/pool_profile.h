#pragma once
// What the first pass of the release counts in a pool: the basis of budget, quotas and scores.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "gdo_release/select/scan/candidate_pool.h"
#include "gdo_release/select/scan/ordered_counts.h"

namespace winnow::gdo_release {

// Share of each value of a field ("question_form"), the values in the order they were first seen.
struct FieldShares {
  std::string field;
  std::vector<std::pair<std::string, double>> shares;

  // Null for a value that is not there.
  const double* find(std::string_view value) const;
};

// The parts of a stratum's name, each normalised, "unknown" where there is none. A '|' in a source
// group starts a new part, so only what stands before it is the group here.
std::vector<std::string> stratum_parts(const std::string& name);

struct PoolProfile {
  std::int64_t total_pairs = 0;
  std::vector<FieldShares> fields;
  OrderedCounts buckets, sources, source_groups, strata, video_temporal;

  // Null for a field that is not there.
  const FieldShares* find_field(std::string_view field) const;
};

PoolProfile profile_of(const CandidatePool& pool);

// Counts of the values of every field, the fields in the release's order, of pairs of which there
// are counts[i] in strata[i].
std::vector<std::pair<std::string, OrderedCounts>> field_counts(
    const std::vector<Stratum>& strata, const std::vector<std::int64_t>& counts);

// The profile in a report of a profile_only run. Throws IoError, and DataError when the file is no
// such report.
PoolProfile read_profile_report(const std::filesystem::path& path);

}  // namespace winnow::gdo_release
