#pragma once
// Methods compared pair by pair, from their answers to the same questions.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/runs/compared_methods.h"
#include "report/statistics.h"
#include "report/table.h"

namespace winnow {

struct ComparisonSettings {
  std::string against;  // a method; empty: the first run's reference, else the first method
  std::vector<std::string> methods;  // that take part; empty: all but bases and oracles
  double confidence = 0.95;
  std::int64_t bootstrap_draws = 2000, permutation_draws = 10'000;
};

struct WinsTiesLosses {
  std::int64_t wins = 0, ties = 0, losses = 0;
};

// `a` minus `b`, over the worlds and seeds that both have. A question's difference is the mean over
// its world's seeds; it is won where that is above 0.
struct PairComparison {
  std::size_t a = 0, b = 0;  // indices of methods
  std::size_t replicates = 0;
  // In points. Absent where the worlds ask different numbers of questions.
  std::optional<Interval> difference;
  double questions = 0.0;  // right answers more, of `asked`: mean over replicates
  double asked = 0.0;      // questions of one pass over all benchmarks, mean over replicates
  WinsTiesLosses count;    // of the questions of all worlds
  double sign_p = 1.0, permutation_p = 1.0;
  double sign_holm = 1.0, permutation_holm = 1.0;  // Holm's over all pairs of the comparison
  std::map<std::string, WinsTiesLosses> subtasks;
};

struct MethodSummary {
  std::size_t method = 0;
  std::size_t replicates = 0;
  std::optional<Interval> average;    // in points, over questions and seeds; absent as above
  std::vector<double> benchmarks;     // accuracies in points
  std::optional<double> cpu_seconds;  // mean
  // No other method that takes part costs no more and is no worse, one of both truly; absent
  // without a cost.
  std::optional<bool> on_front;
};

struct MethodComparison {
  std::size_t against = 0;               // index of a method
  std::vector<MethodSummary> summaries;  // of all methods, in their order
  // Each method minus `against`; absent for that one itself and without a common seed. Those that
  // take part are in `pairs` with Holm's values, which stand here, too; others have none (1).
  std::vector<std::optional<PairComparison>> to_against;
  std::vector<PairComparison> pairs;    // of those that take part, each with each later one
  std::vector<NotComparable> left_out;  // pairs without a common seed
};

// Throws ConfigError for a method that there is none of.
MethodComparison compare_methods(const ComparedMethods& methods,
                                 const ComparisonSettings& settings);

// "Methods" with differences to `against` and the front, "All pairs", "Won, tied and lost by
// subtask", and "Not comparable" where something was left out.
std::vector<Table> pair_tables(const ComparedMethods& methods, const MethodComparison& comparison,
                               const ComparisonSettings& settings);

}  // namespace winnow
