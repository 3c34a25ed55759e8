#pragma once
// Utility against parts of an anchor set, one by one, which shows how much of it is noise of the
// anchors that happened to be drawn; and against a contrast, which takes off what every sample has.

#include <string>
#include <vector>

#include "pool/sample_table.h"
#include "utility/estimator.h"

namespace winnow {

struct AnchorParts {
  std::size_t folds = 1;  // parts of each set
  // A draw of the pool. What an estimator says of a sample against it is taken off what it says
  // against each set: to first order eta <grad L_V - grad L_pool, grad l>. None where it is empty.
  std::vector<ModelInput> contrast;
};

// The sets that are measured against: every set as parts that take its anchors in turn, so that
// strata spread over them, and the contrast as one more. Sets as they are for one fold and no
// contrast. Throws ConfigError for a set with fewer anchors than folds.
std::vector<AnchorSet> measured_sets(const std::vector<AnchorSet>& sets, const AnchorParts& parts);

// `measured` has the columns of these estimators against measured_sets(sets, parts). In their place
// comes for each set <estimator>, or <estimator>.<set> where there are several sets: the mean over
// all its anchors less the value against the contrast; and for several folds that name with
// ".error", its standard error over them. Columns without anchors stay.
SampleTable join_parts(const SampleTable& measured, const std::vector<std::string>& estimators,
                       const std::vector<AnchorSet>& sets, const AnchorParts& parts);

}  // namespace winnow
