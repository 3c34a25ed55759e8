#include "report/statistics.h"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cassert>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "core/random.h"

namespace winnow {
namespace {

// [seed][benchmark][question]: scores, or differences of scores in -1..1.
using Values = Scores;

void check(const Scores& scores) {
  if (scores.empty() || scores.front().empty()) {
    throw std::logic_error("statistics need at least one seed and one benchmark");
  }
  for (const auto& seed : scores) {
    if (seed.size() != scores.front().size()) {
      throw std::logic_error("seeds differ in their number of benchmarks");
    }
    for (std::size_t b = 0; b < seed.size(); ++b) {
      if (seed[b].empty() || seed[b].size() != scores.front()[b].size()) {
        throw std::logic_error("a benchmark has no questions, or their number differs by seed");
      }
      for (const double score : seed[b]) {
        if (!(score >= 0.0 && score <= 1.0)) throw std::logic_error("a score is from 0 to 1");
      }
    }
  }
}

std::vector<double> weights_of(const Scores& scores, std::vector<double> weights) {
  if (weights.empty()) weights.assign(scores.front().size(), 1.0);
  const bool usable =
      weights.size() == scores.front().size() &&
      std::none_of(weights.begin(), weights.end(), [](double weight) { return !(weight >= 0.0); });
  if (!usable || !(std::accumulate(weights.begin(), weights.end(), 0.0) > 0.0)) {
    throw std::logic_error("weights are one for each benchmark, not negative and not all 0");
  }
  return weights;
}

double quantile_of_sorted(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (position - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

double mean_of(const Values& values, const std::vector<double>& weights) {
  double total = 0;
  for (const auto& seed : values) {
    for (std::size_t b = 0; b < seed.size(); ++b) {
      double sum = 0;
      for (const double value : seed[b]) sum += value;
      total += weights[b] * (sum / static_cast<double>(seed[b].size()));
    }
  }
  return total / (static_cast<double>(values.size()) *
                  std::accumulate(weights.begin(), weights.end(), 0.0));
}

Estimate bootstrap(const Values& values, const BootstrapOptions& options) {
  const std::vector<double> weights = weights_of(values, options.weights);
  const double all_weights = std::accumulate(weights.begin(), weights.end(), 0.0);
  assert(options.draws > 1 && options.confidence > 0 && options.confidence < 1);
  const std::size_t seeds = values.size(), benchmarks = values.front().size();
  RandomStream random(options.seed, "report/bootstrap");
  std::vector<double> draws(static_cast<std::size_t>(options.draws));
  std::vector<double> seed_mean;  // of one benchmark's questions, over the drawn seeds
  for (double& draw : draws) {
    std::vector<double> seed_weight(seeds, 0.0);
    for (std::size_t s = 0; s < seeds; ++s) {
      seed_weight[random.below(seeds)] += 1.0 / static_cast<double>(seeds);
    }
    double total = 0;
    for (std::size_t b = 0; b < benchmarks; ++b) {
      const std::size_t questions = values.front()[b].size();
      seed_mean.assign(questions, 0.0);
      for (std::size_t s = 0; s < seeds; ++s) {
        if (seed_weight[s] == 0.0) continue;
        for (std::size_t q = 0; q < questions; ++q) {
          seed_mean[q] += seed_weight[s] * values[s][b][q];
        }
      }
      double sum = 0;
      for (std::size_t q = 0; q < questions; ++q) sum += seed_mean[random.below(questions)];
      total += weights[b] * (sum / static_cast<double>(questions));
    }
    draw = total / all_weights;
  }

  Estimate estimate;
  double mean = 0, squares = 0;
  for (const double draw : draws) mean += draw;
  mean /= static_cast<double>(draws.size());
  for (const double draw : draws) squares += (draw - mean) * (draw - mean);
  estimate.standard_error = std::sqrt(squares / static_cast<double>(draws.size() - 1));
  std::sort(draws.begin(), draws.end());
  const double tail = (1.0 - options.confidence) / 2.0;
  estimate.interval = {mean_of(values, weights), quantile_of_sorted(draws, tail),
                       quantile_of_sorted(draws, 1.0 - tail)};
  return estimate;
}

Values minus(const Scores& method, const Scores& reference) {
  Values result = method;
  for (std::size_t s = 0; s < method.size(); ++s) {
    for (std::size_t b = 0; b < method[s].size(); ++b) {
      for (std::size_t q = 0; q < method[s][b].size(); ++q) result[s][b][q] -= reference[s][b][q];
    }
  }
  return result;
}

}  // namespace

Interval wilson_interval(std::int64_t successes, std::int64_t total, double confidence) {
  assert(total > 0 && successes >= 0 && successes <= total);
  const double n = static_cast<double>(total), share = static_cast<double>(successes) / n;
  const double z = std::sqrt(2.0) * boost::math::erf_inv(confidence);
  const double centre = (share + z * z / (2 * n)) / (1 + z * z / n);
  const double half =
      z / (1 + z * z / n) * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  return {share, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

double mean_accuracy(const Scores& scores, const std::vector<double>& weights) {
  check(scores);
  return mean_of(scores, weights_of(scores, weights));
}

Estimate bootstrap_accuracy(const Scores& scores, const BootstrapOptions& options) {
  check(scores);
  return bootstrap(scores, options);
}

Estimate paired_bootstrap(const Scores& method, const Scores& reference,
                          const BootstrapOptions& options) {
  check(method);
  check(reference);
  bool equal =
      method.size() == reference.size() && method.front().size() == reference.front().size();
  for (std::size_t b = 0; equal && b < method.front().size(); ++b) {
    equal = method.front()[b].size() == reference.front()[b].size();
  }
  if (!equal) {
    throw std::logic_error("a paired difference needs the same seeds, benchmarks and questions");
  }
  return bootstrap(minus(method, reference), options);
}

std::optional<double> samples_to_reach(double target, double base_accuracy,
                                       const std::vector<CheckpointAccuracy>& curve) {
  CheckpointAccuracy before{0.0, base_accuracy};
  if (before.accuracy >= target) return 0.0;
  for (const auto& point : curve) {
    assert(point.samples > before.samples);
    if (point.accuracy >= target) {
      const double part = (target - before.accuracy) / (point.accuracy - before.accuracy);
      return before.samples + part * (point.samples - before.samples);
    }
    before = point;
  }
  return std::nullopt;
}

}  // namespace winnow
