#include "experiments/comparison/comparison_numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/parallel.h"

namespace winnow {
namespace {

double accuracy_of(const BenchmarkScores& scores) {
  double sum = 0;
  for (const double score : scores.scores) sum += score;
  return 100.0 * sum / static_cast<double>(scores.scores.size());
}

double average_of(const std::vector<BenchmarkScores>& scores) {
  double sum = 0;
  for (const BenchmarkScores& benchmark : scores) sum += accuracy_of(benchmark);
  return sum / static_cast<double>(scores.size());
}

Accuracy summarise(const std::vector<double>& values) {
  Accuracy accuracy;
  for (const double value : values) accuracy.mean += value / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - accuracy.mean) * (value - accuracy.mean);
  accuracy.spread = values.size() > 1 ? std::sqrt(squares / static_cast<double>(values.size() - 1))
                                      : std::numeric_limits<double>::quiet_NaN();
  return accuracy;
}

// In points, as everything here is.
Estimate in_points(Estimate estimate) {
  estimate.interval.value *= 100;
  estimate.interval.low *= 100;
  estimate.interval.high *= 100;
  estimate.standard_error *= 100;
  return estimate;
}

Scores final_scores(const MethodResult& method) {
  Scores result;
  for (const MethodRun& run : method.runs) {
    auto& seed = result.emplace_back();
    for (const BenchmarkScores& scores : run.checkpoints.back().scores) {
      seed.push_back(scores.scores);
    }
  }
  return result;
}

std::vector<CurvePoint> curve_of(const MethodResult& method, const ComparisonResults& results) {
  const std::size_t checkpoints =
      method.role == Role::base ? 0 : method.runs.front().checkpoints.size();
  std::vector<CurvePoint> curve;
  for (std::size_t c = 0; c <= checkpoints; ++c) {
    std::vector<double> samples, accuracies;
    for (std::size_t r = 0; r < method.runs.size(); ++r) {
      const WorldResult& world = results.worlds[results.replicates[r].world];
      const auto& run = method.runs[r].checkpoints;
      if (c == 0) {
        samples.push_back(0.0);
        accuracies.push_back(average_of(world.base_scores));
      } else {
        samples.push_back(static_cast<double>(run[c - 1].samples));
        accuracies.push_back(average_of(run[c - 1].scores));
      }
    }
    // Fewer steps than checkpoints leave some of them at one place.
    const double reached = summarise(samples).mean;
    if (!curve.empty() && reached <= curve.back().samples) continue;
    const Accuracy accuracy = summarise(accuracies);
    const double spread = accuracies.size() > 1 ? accuracy.spread : 0.0;
    curve.push_back(
        {summarise(samples).mean, {accuracy.mean, accuracy.mean - spread, accuracy.mean + spread}});
  }
  return curve;
}

void add_share(std::optional<double>& sum, double share, const std::optional<double>& value) {
  if (!value) sum.reset();
  if (sum) *sum += share * *value;
}

MethodNumbers measured(const MethodResult& method, const ComparisonResults& results) {
  MethodNumbers numbers;
  numbers.name = method.name;
  numbers.label = method.label;
  numbers.role = method.role;
  std::vector<std::vector<double>> values(results.benchmarks.size());
  std::vector<double> averages;
  for (const MethodRun& run : method.runs) {
    const auto& scores = run.checkpoints.back().scores;
    for (std::size_t b = 0; b < scores.size(); ++b) values[b].push_back(accuracy_of(scores[b]));
    averages.push_back(average_of(scores));
    const auto share = 1.0 / static_cast<double>(method.runs.size());
    numbers.selection_cpu_seconds +=
        share * (run.descriptor_cpu_seconds + run.selection_cpu_seconds);
    numbers.training_cpu_seconds += share * run.training_cpu_seconds;
    add_share(numbers.selection_operations, share, run.measuring_operations);
    add_share(numbers.training_operations, share, run.training_operations);
  }
  for (const auto& benchmark : values) numbers.benchmarks.push_back(summarise(benchmark));
  numbers.average = summarise(averages);
  numbers.curve = curve_of(method, results);
  const auto& composition = method.runs.front().composition;
  if (const auto* rows = composition.if_contains("rows")) {
    numbers.rows = rows->to_number<std::int64_t>();
  }
  return numbers;
}

template <class Methods>
auto find_role(const Methods& methods, Role role) {
  return std::find_if(methods.begin(), methods.end(),
                      [&](const auto& method) { return method.role == role; });
}

}  // namespace

bool ComparisonResults::has(Role role) const { return find_role(methods, role) != methods.end(); }
const MethodResult& ComparisonResults::with(Role role) const { return *find_role(methods, role); }
bool ComparisonNumbers::has(Role role) const { return find_role(methods, role) != methods.end(); }
const MethodNumbers& ComparisonNumbers::with(Role role) const { return *find_role(methods, role); }

ComparisonNumbers numbers_of(const ComparisonResults& results, const ComparisonOptions& options) {
  ComparisonNumbers numbers;
  std::vector<Scores> scores;
  for (const MethodResult& method : results.methods) {
    numbers.methods.push_back(measured(method, results));
    scores.push_back(final_scores(method));
  }
  const auto place = [&](Role role) {
    return static_cast<std::size_t>(find_role(results.methods, role) - results.methods.begin());
  };
  const BootstrapOptions bootstrap{options.bootstrap_draws, options.confidence, 0};
  const std::size_t reference = place(Role::reference);
  const MethodNumbers target = numbers.methods[reference];
  parallel_for(numbers.methods.size(), [&](std::size_t m) {
    MethodNumbers& method = numbers.methods[m];
    for (std::size_t b = 0; b < results.benchmarks.size(); ++b) {
      method.benchmark_intervals.push_back(
          in_points(bootstrap_accuracy(only_benchmark(scores[m], b), bootstrap)).interval);
    }
    if (m != reference) {
      method.difference = in_points(paired_bootstrap(scores[m], scores[reference], bootstrap));
      for (std::size_t b = 0; b < results.benchmarks.size(); ++b) {
        method.benchmark_differences.push_back(in_points(paired_bootstrap(
            only_benchmark(scores[m], b), only_benchmark(scores[reference], b), bootstrap)));
      }
    }
    if (method.role == Role::base) return;
    std::vector<CheckpointAccuracy> curve;
    for (std::size_t c = 1; c < method.curve.size(); ++c) {
      curve.push_back({method.curve[c].samples, method.curve[c].accuracy.value});
    }
    method.match_samples =
        samples_to_reach(target.average.mean, method.curve.front().accuracy.value, curve);
    if (method.match_samples && *method.match_samples > 0) {
      method.reduction = target.curve.back().samples / *method.match_samples;
    }
  });
  numbers.subtasks = subtask_numbers(results, options.confidence);
  if (results.has(Role::oracle)) {
    numbers.oracle_to_reference = numbers.methods[place(Role::oracle)].difference;
    if (results.has(Role::control)) {
      numbers.oracle_to_control = in_points(
          paired_bootstrap(scores[place(Role::oracle)], scores[place(Role::control)], bootstrap));
    }
  }
  return numbers;
}

}  // namespace winnow
