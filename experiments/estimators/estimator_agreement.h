#pragma once
// How far two columns agree on which samples are good.

#include "pool/sample_table.h"

namespace winnow {

struct Agreement {
  double rank_correlation = 0.0;  // Spearman's, equal values sharing their mean rank
  double overlap = 0.0;           // share of the one's highest rows that are among the other's
};

// Over the rows where both are valid; NaN for fewer than two. `top_share` in (0, 1).
Agreement agreement_of(const Column& column, const Column& reference, double top_share);

}  // namespace winnow
