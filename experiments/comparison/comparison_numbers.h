#pragma once
// The numbers of a comparison's table, from its answers alone.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/comparison/comparison_results.h"
#include "report/figure.h"
#include "report/statistics.h"

namespace winnow {

// Accuracies and differences are in points (0 to 100).
struct Accuracy {
  double mean = 0.0;    // over seeds
  double spread = 0.0;  // standard deviation over seeds; NaN with one seed
};

struct MethodNumbers {
  std::string name, label;
  Role role = Role::method;
  std::int64_t rows = 0;             // of the subset; 0 for the base
  std::vector<Accuracy> benchmarks;  // in the order of the results
  // The same with intervals over questions and seeds (bootstrap_accuracy).
  std::vector<Interval> benchmark_intervals;
  Accuracy average;  // of the benchmarks, each counting the same
  // To the reference, paired, with intervals over questions and seeds (paired_bootstrap); absent
  // for the reference itself.
  std::vector<Estimate> benchmark_differences;
  std::optional<Estimate> difference;
  // Average of the benchmarks from the base at 0 samples to the end: mean over seeds, one standard
  // deviation below and above.
  std::vector<CurvePoint> curve;
  // Samples at which the curve first reaches the reference's final average, interpolated between
  // checkpoints; absent where it never does.
  std::optional<double> match_samples;
  std::optional<double> reduction;  // the reference's samples over match_samples
  double selection_cpu_seconds = 0.0, training_cpu_seconds = 0.0;  // means over seeds
  // Model operations, means over seeds; absent where something in them is not counted.
  std::optional<double> selection_operations = 0.0, training_operations = 0.0;
};

// The questions of one subtask in all benchmarks, each counting the same.
struct SubtaskNumbers {
  std::string name;
  std::int64_t questions = 0;    // of all worlds
  std::optional<double> chance;  // accuracy of blind guesses; unknown where one has no options
  // By method: mean over seeds, with an interval over questions: Wilson's where all answers are
  // right or wrong, else by bootstrap.
  std::vector<Interval> accuracies;
  bool right_or_wrong = true;  // all answers of all methods
};

struct ComparisonNumbers {
  std::vector<MethodNumbers> methods;  // in the order of the results
  const MethodNumbers& with(Role role) const;
  bool has(Role role) const;
  std::vector<SubtaskNumbers> subtasks;  // by name
  // Oracle minus reference and oracle minus control; absent without them.
  std::optional<Estimate> oracle_to_reference, oracle_to_control;
};

ComparisonNumbers numbers_of(const ComparisonResults& results, const ComparisonOptions& options);

// Of one checkpoint, in points: by benchmark, and their "average".
std::vector<std::pair<std::string, double>> accuracies_of(
    const ComparisonResults& results, const std::vector<BenchmarkScores>& scores);

std::vector<SubtaskNumbers> subtask_numbers(const ComparisonResults& results, double confidence);

}  // namespace winnow
