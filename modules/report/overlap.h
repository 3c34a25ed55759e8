#pragma once
// How far two choices agree: as sets, and as orders.

#include <string>
#include <vector>

namespace winnow {

// Share of what either has that both have; 1 where both are empty. No item is twice in a list.
double jaccard(const std::vector<std::string>& a, const std::vector<std::string>& b);

// Rank-biased overlap of two lists, best first, of any lengths (Webber, Moffat and Zobel 2010,
// extrapolated by their equation 32): 1 for the same order, 0 for nothing in common; what stands
// first counts most. `persistence`, between 0 and 1: the nearer to 1, the deeper it looks; the
// first d ranks carry a share of about 1 - persistence^d. 1 where both are empty, 0 where one is.
double rank_biased_overlap(const std::vector<std::string>& a, const std::vector<std::string>& b,
                           double persistence);

}  // namespace winnow
