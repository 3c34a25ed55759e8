#pragma once
// What a comparison leaves for other programs and for `winnow runs` and `winnow compare`.

#include <boost/json.hpp>
#include <string>

#include "experiments/comparison/comparison_numbers.h"
#include "experiments/comparison/comparison_results.h"

namespace winnow {

// The main table's numbers: {cpu_seconds, methods: [{name, label, role, rows, average, spread,
// difference: {value, low, high} or null, selection_cpu_seconds,
// training_cpu_seconds}]}; accuracies in points. cpu_seconds: of all stages when they were
// computed, but for evaluations.
boost::json::object numbers_record(const ComparisonNumbers& numbers,
                                   const ComparisonResults& results);

// One line for each world and benchmark: {world, benchmark, weight, average, questions: [[id,
// subtask]]}, in the order of scores.jsonl's answers.
std::string question_lines(const ComparisonResults& results);

}  // namespace winnow
