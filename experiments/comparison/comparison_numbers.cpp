#include "experiments/comparison/comparison_numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/parallel.h"

namespace winnow {
namespace {

// How questions become an average: each benchmark's parts (all questions, or one for each subtask),
// and the weight of each part.
class Averaging {
 public:
  explicit Averaging(const ComparisonResults& results) : benchmarks_(results.benchmarks) {
    for (std::size_t b = 0; b < benchmarks_.size(); ++b) {
      std::map<std::string, std::vector<std::size_t>> parts;
      const std::vector<QuestionKind>& questions = results.worlds.front().questions.at(b);
      const bool whole = benchmarks_[b].average == BenchmarkOptions::Average::questions;
      for (std::size_t q = 0; q < questions.size(); ++q) {
        parts[whole ? "" : questions[q].subtask].push_back(q);
      }
      first_.push_back(weights_.size());
      for (auto& [name, part] : parts) {
        weights_.push_back(benchmarks_[b].weight / static_cast<double>(parts.size()));
        parts_.push_back(std::move(part));
      }
    }
    first_.push_back(weights_.size());
  }

  // In points.
  double accuracy_of(std::size_t benchmark, const BenchmarkScores& scores) const {
    double sum = 0.0, parts = 0.0;  // a part of which nothing was asked says nothing
    for (std::size_t p = first_[benchmark]; p < first_[benchmark + 1]; ++p) {
      double part = 0.0, asked = 0.0;
      for (const std::size_t q : parts_[p]) {
        if (!scores.was_asked(q)) continue;
        part += scores.scores.at(q);
        asked += 1.0;
      }
      if (asked == 0.0) continue;
      sum += 100.0 * part / asked;
      parts += 1.0;
    }
    return sum / parts;
  }
  double average_of(const std::vector<BenchmarkScores>& scores) const {
    double sum = 0.0, weights = 0.0;
    for (std::size_t b = 0; b < scores.size(); ++b) {
      sum += benchmarks_[b].weight * accuracy_of(b, scores[b]);
      weights += benchmarks_[b].weight;
    }
    return sum / weights;
  }

  // Part by part, as a bootstrap draws them, of all seeds.
  Scores parts_of(const MethodResult& method) const {
    Scores result;
    for (const MethodRun& run : method.runs) {
      auto& seed = result.emplace_back();
      for (std::size_t b = 0; b < benchmarks_.size(); ++b) {
        const std::vector<double>& scores = run.checkpoints.back().scores.at(b).scores;
        for (std::size_t p = first_[b]; p < first_[b + 1]; ++p) {
          auto& part = seed.emplace_back();
          for (const std::size_t q : parts_[p]) part.push_back(scores.at(q));
        }
      }
    }
    return result;
  }
  Scores only(const Scores& parts, std::size_t benchmark) const {
    Scores result;
    for (const auto& seed : parts) {
      result.emplace_back(seed.begin() + static_cast<std::ptrdiff_t>(first_[benchmark]),
                          seed.begin() + static_cast<std::ptrdiff_t>(first_[benchmark + 1]));
    }
    return result;
  }
  const std::vector<double>& weights() const { return weights_; }

 private:
  const std::vector<ComparedBenchmark>& benchmarks_;
  std::vector<std::size_t> first_;  // of each benchmark, among the parts
  std::vector<std::vector<std::size_t>> parts_;
  std::vector<double> weights_;
};

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

std::vector<CurvePoint> curve_of(const MethodResult& method, const ComparisonResults& results,
                                 const Averaging& averaging) {
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
        accuracies.push_back(averaging.average_of(world.base_scores));
      } else {
        samples.push_back(static_cast<double>(run[c - 1].samples));
        accuracies.push_back(averaging.average_of(run[c - 1].scores));
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

MethodNumbers measured(const MethodResult& method, const ComparisonResults& results,
                       const Averaging& averaging) {
  MethodNumbers numbers;
  numbers.name = method.name;
  numbers.label = method.label;
  numbers.role = method.role;
  std::vector<std::vector<double>> values(results.benchmarks.size());
  std::vector<double> averages;
  for (const MethodRun& run : method.runs) {
    const auto& scores = run.checkpoints.back().scores;
    for (std::size_t b = 0; b < scores.size(); ++b)
      values[b].push_back(averaging.accuracy_of(b, scores[b]));

    averages.push_back(averaging.average_of(scores));
    const auto share = 1.0 / static_cast<double>(method.runs.size());
    numbers.selection_cpu_seconds +=
        share * (run.descriptor_cpu_seconds + run.selection_cpu_seconds);
    numbers.training_cpu_seconds += share * run.training_cpu_seconds;
    add_share(numbers.selection_operations, share, run.measuring_operations);
    add_share(numbers.training_operations, share, run.training_operations);
  }
  for (const auto& benchmark : values) numbers.benchmarks.push_back(summarise(benchmark));
  numbers.average = summarise(averages);
  numbers.curve = curve_of(method, results, averaging);
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

std::vector<std::pair<std::string, double>> accuracies_of(
    const ComparisonResults& results, const std::vector<BenchmarkScores>& scores) {
  const Averaging averaging(results);
  std::vector<std::pair<std::string, double>> accuracies;
  for (std::size_t b = 0; b < scores.size(); ++b) {
    accuracies.emplace_back(scores[b].benchmark, averaging.accuracy_of(b, scores[b]));
  }
  accuracies.emplace_back("average", averaging.average_of(scores));
  return accuracies;
}

ComparisonNumbers numbers_of(const ComparisonResults& results, const ComparisonOptions& options) {
  ComparisonNumbers numbers;
  const Averaging averaging(results);
  std::vector<Scores> scores;
  for (const MethodResult& method : results.methods) {
    numbers.methods.push_back(measured(method, results, averaging));
    scores.push_back(averaging.parts_of(method));
  }
  const auto place = [&](Role role) {
    return static_cast<std::size_t>(find_role(results.methods, role) - results.methods.begin());
  };
  const BootstrapOptions one{options.bootstrap_draws, options.confidence, 0, {}};
  BootstrapOptions bootstrap = one;
  bootstrap.weights = averaging.weights();
  const std::size_t reference = place(Role::reference);
  const MethodNumbers target = numbers.methods[reference];
  parallel_for(numbers.methods.size(), [&](std::size_t m) {
    MethodNumbers& method = numbers.methods[m];
    for (std::size_t b = 0; b < results.benchmarks.size(); ++b) {
      method.benchmark_intervals.push_back(
          in_points(bootstrap_accuracy(averaging.only(scores[m], b), one)).interval);
    }
    if (m != reference) {
      method.difference = in_points(paired_bootstrap(scores[m], scores[reference], bootstrap));
      for (std::size_t b = 0; b < results.benchmarks.size(); ++b) {
        method.benchmark_differences.push_back(in_points(paired_bootstrap(
            averaging.only(scores[m], b), averaging.only(scores[reference], b), one)));
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
