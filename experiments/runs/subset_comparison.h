#pragma once
// Two selections side by side: how far they agree, and on what they do not.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "report/table.h"

namespace winnow {

struct NamedSelection {
  std::string label;
  std::filesystem::path manifest;  // selectors/manifest.h
};

struct SubsetSettings {
  double persistence = 0.99;  // of the rank-biased overlap (report/overlap.h)
  std::int64_t samples = 20;  // that are listed
  std::int64_t groups = 15;   // sources and strata that are listed
};

// "Overlap", "By source", "By stratum of ..." and "Parts of the score of ..." for each of the two,
// and "Samples they disagree on most": of those that one took and the other did not, where their
// places by score among all candidates lie farthest apart; a sample that a selector excluded has
// the last place. A selection that does not say what it chose from (one by files) is compared by
// ids alone, which a note says. Throws IoError, DataError.
std::vector<Table> subset_tables(const NamedSelection& a, const NamedSelection& b,
                                 const SubsetSettings& settings);

}  // namespace winnow
