#pragma once
// Whether a difference between methods is more than noise.

#include <cstdint>
#include <optional>
#include <vector>

namespace winnow {

struct Interval {
  double value = 0.0, low = 0.0, high = 0.0;
};

// Share of successes with the Wilson score interval: for answers that are right or wrong, as
// nothing else is a count. Requires 0 <= successes <= total, total > 0.
Interval wilson_interval(std::int64_t successes, std::int64_t total, double confidence = 0.95);

// Every score of one method: [seed][benchmark][question], from 0 to 1; 1 for a right answer where
// there is nothing between right and wrong. Benchmarks and questions are the same for all seeds and
// methods.
using Scores = std::vector<std::vector<std::vector<double>>>;

// Mean over seeds of the average of the benchmarks' means. `weights`: of the benchmarks, not
// negative and not all 0; empty: all count the same. Throws as bootstrap_accuracy does.
double mean_accuracy(const Scores& scores, const std::vector<double>& weights = {});

struct BootstrapOptions {
  std::int64_t draws = 2000;
  double confidence = 0.95;
  std::uint64_t seed = 0;
  std::vector<double> weights = {};  // of the benchmarks, as mean_accuracy takes them
};

struct Estimate {
  Interval interval;  // value: the observed one; bounds: percentiles of the draws
  double standard_error = 0.0;
  // The interval does not contain 0.
  bool significant() const { return interval.low > 0.0 || interval.high < 0.0; }
};

// mean_accuracy with an interval over questions and seeds. Each draw takes seeds with replacement,
// then within every benchmark questions with replacement, the same ones for all seeds. With very
// few seeds their part of the spread is underestimated (by a third at three), and with one it is
// not in the interval at all. Throws std::logic_error for empty or unequal benchmarks, for a score
// outside of 0 to 1 and for weights that do not fit.
Estimate bootstrap_accuracy(const Scores& scores, const BootstrapOptions& options = {});

// mean_accuracy(method) - mean_accuracy(reference), paired: both get the same seeds and questions
// in every draw. Throws std::logic_error when the two differ in shape.
Estimate paired_bootstrap(const Scores& method, const Scores& reference,
                          const BootstrapOptions& options = {});

struct CheckpointAccuracy {
  double samples = 0.0;
  double accuracy = 0.0;
};

// Samples after which a training curve first reaches `target`, by linear interpolation between
// checkpoints (rising samples), starting at the base model's accuracy at 0 samples: 0 when the base
// model is already there, nothing when no checkpoint is.
std::optional<double> samples_to_reach(double target, double base_accuracy,
                                       const std::vector<CheckpointAccuracy>& curve);

}  // namespace winnow
