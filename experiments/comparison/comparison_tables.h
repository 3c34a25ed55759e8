#pragma once
// The numbers of a comparison as tables.

#include <optional>
#include <vector>

#include "experiments/comparison/comparison_numbers.h"
#include "experiments/comparison/published.h"
#include "report/table.h"

namespace winnow {

// Whether a selector could have won at all: the oracle against reference and control. Requires an
// oracle.
Table precheck_table(const ComparisonNumbers& numbers);

// The comparison itself.
Table main_table(const ComparisonNumbers& numbers, const ComparisonResults& results,
                 const ComparisonOptions& options);

// Accuracy and difference to the reference with intervals, benchmark by benchmark.
Table benchmark_table(const ComparisonNumbers& numbers, const ComparisonResults& results,
                      const ComparisonOptions& options);

// Accuracy by subtask; intervals for base, reference and the best method.
Table subtask_table(const ComparisonNumbers& numbers, const ComparisonOptions& options);

Table published_table(const Published& published, const ComparisonNumbers& numbers);

// What the subsets are made of; how well each column finds wrong answers. Diagnosis by hidden
// labels.
Table composition_table(const ComparisonResults& results);
Table detection_table(const WorldResult& world);

// The ledger: what choosing and training cost each method, in CPU seconds and model operations,
// beside its score.
Table budget_table(const ComparisonNumbers& numbers);

// CPU seconds of what all methods share.
// What the answers of judges cost; by column and world.
Table judge_table(const ComparisonResults& results);
Table shared_cost_table(const ComparisonResults& results);

// All of the above, in the order of printing.
std::vector<Table> comparison_tables(const ComparisonNumbers& numbers,
                                     const ComparisonResults& results,
                                     const ComparisonOptions& options,
                                     const std::optional<Published>& published);

}  // namespace winnow
