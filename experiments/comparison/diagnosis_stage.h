#pragma once
// Stages that look at measured columns with a pool's hidden labels: no method reads what they find.

#include "experiments/stages/measurements.h"

namespace winnow {

// What each column tells of wrong answers. Facts: area under the ROC curve of each column
// (composition.h); none where the pool has no label `wrong`.
StageOutput diagnose(Setting& setting, const MeasuredColumns& measured);

// The same of every hidden label. Facts: {label: {column: areas}}; none without labels.
StageOutput diagnose_labels(Setting& setting, const MeasuredColumns& measured);

// Samples whose utility is negative beyond noise (toxic.h). Output: toxic.jsonl. Facts:
// toxic_facts(); none unless anchors are folded.
StageOutput find_toxic(Setting& setting, const StageOutput& utility, std::uint64_t seed);

}  // namespace winnow
