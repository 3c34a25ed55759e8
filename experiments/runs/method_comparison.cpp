#include "experiments/runs/method_comparison.h"

#include <algorithm>
#include <cassert>

#include "core/errors.h"
#include "core/parallel.h"
#include "report/paired_tests.h"

namespace winnow {
namespace {

// Questions that make one mean: those of a benchmark, or of one of its subtasks.
struct Part {
  std::size_t benchmark = 0;
  double weight = 1.0;  // of the part in the average; they sum to 1
  std::vector<std::size_t> questions;
};

std::vector<Part> parts_of(const std::vector<AskedBenchmark>& benchmarks,
                           const std::vector<std::vector<ComparedQuestion>>& world) {
  std::vector<Part> parts;
  double all_weights = 0.0;
  for (const AskedBenchmark& benchmark : benchmarks) all_weights += benchmark.weight;
  for (std::size_t b = 0; b < benchmarks.size(); ++b) {
    std::map<std::string, std::vector<std::size_t>> by_name;
    for (std::size_t q = 0; q < world[b].size(); ++q) {
      by_name[benchmarks[b].by_subtask ? world[b][q].subtask : ""].push_back(q);
    }
    for (auto& [name, questions] : by_name) {
      parts.push_back({b,
                       benchmarks[b].weight / (all_weights * static_cast<double>(by_name.size())),
                       std::move(questions)});
    }
  }
  return parts;
}

class Comparer {
 public:
  Comparer(const ComparedMethods& methods, const ComparisonSettings& settings)
      : methods_(methods), settings_(settings) {
    for (const auto& [world, questions] : methods.worlds) {
      parts_[world] = parts_of(methods.benchmarks, questions);
    }
  }

  std::vector<ReplicateKey> common(std::size_t a, std::size_t b) const {
    std::vector<ReplicateKey> keys;
    for (const auto& [key, answers] : methods_.methods[a].replicates) {
      if (methods_.methods[b].replicates.count(key) > 0) keys.push_back(key);
    }
    return keys;
  }

  PairComparison pair(std::size_t a, std::size_t b) const {
    const std::vector<ReplicateKey> keys = common(a, b);
    assert(!keys.empty());
    PairComparison result;
    result.a = a;
    result.b = b;
    result.replicates = keys.size();
    if (have_one_shape(keys)) {
      result.difference = in_points(
          paired_bootstrap(scores(a, keys), scores(b, keys), bootstrap(keys.front().first)));
    }
    std::map<std::uint64_t, std::vector<ReplicateKey>> by_world;
    for (const ReplicateKey& key : keys) by_world[key.first].push_back(key);
    std::vector<double> differences;  // with their weights in the average
    for (const auto& [world, own_keys] : by_world) {
      const double share = static_cast<double>(own_keys.size()) / static_cast<double>(keys.size());
      for (const Part& part : parts_.at(world)) {
        for (const std::size_t question : part.questions) {
          const double difference = mean_difference(a, b, own_keys, part.benchmark, question);
          differences.push_back(share * part.weight * difference /
                                static_cast<double>(part.questions.size()));
          result.questions += share * difference;
          result.asked += share;
          count(difference, result.count);
          count(difference,
                result.subtasks[methods_.worlds.at(world)[part.benchmark][question].subtask]);
        }
      }
    }
    result.sign_p = sign_test(result.count.wins, result.count.losses);
    result.permutation_p = sign_flip_test(differences, {settings_.permutation_draws, 0});
    return result;
  }

  MethodSummary summary(std::size_t m) const {
    const ComparedMethod& method = methods_.methods[m];
    MethodSummary result;
    result.method = m;
    result.replicates = method.replicates.size();
    std::vector<ReplicateKey> keys;
    double cost = 0.0;
    bool has_cost = true;
    result.benchmarks.assign(methods_.benchmarks.size(), 0.0);
    for (const auto& [key, answers] : method.replicates) {
      keys.push_back(key);
      has_cost = has_cost && answers.cpu_seconds.has_value();
      cost += answers.cpu_seconds.value_or(0.0);
      for (std::size_t b = 0; b < result.benchmarks.size(); ++b) {
        result.benchmarks[b] += 100.0 * benchmark_accuracy(key, answers, b);
      }
    }
    const auto count = static_cast<double>(keys.size());
    for (double& benchmark : result.benchmarks) benchmark /= count;
    if (has_cost) result.cpu_seconds = cost / count;
    if (have_one_shape(keys)) {
      result.average =
          in_points(bootstrap_accuracy(scores(m, keys), bootstrap(keys.front().first)));
    }
    return result;
  }

 private:
  static Interval in_points(const Estimate& estimate) {
    const Interval& interval = estimate.interval;
    return {100 * interval.value, 100 * interval.low, 100 * interval.high};
  }

  static void count(double difference, WinsTiesLosses& counts) {
    // Sums of the same scores in another order differ in their last bits.
    constexpr double nothing = 1e-12;
    ++(difference > nothing ? counts.wins : difference < -nothing ? counts.losses : counts.ties);
  }

  double mean_difference(std::size_t a, std::size_t b, const std::vector<ReplicateKey>& keys,
                         std::size_t benchmark, std::size_t question) const {
    double sum = 0.0;
    for (const ReplicateKey& key : keys) {
      sum += methods_.methods[a].replicates.at(key).scores[benchmark][question] -
             methods_.methods[b].replicates.at(key).scores[benchmark][question];
    }
    return sum / static_cast<double>(keys.size());
  }

  double benchmark_accuracy(const ReplicateKey& key, const MethodAnswers& answers,
                            std::size_t benchmark) const {
    double sum = 0.0, parts = 0.0;
    for (const Part& part : parts_.at(key.first)) {
      if (part.benchmark != benchmark) continue;
      double own = 0.0;
      for (const std::size_t question : part.questions) own += answers.scores[benchmark][question];
      sum += own / static_cast<double>(part.questions.size());
      parts += 1.0;
    }
    return sum / parts;
  }

  // Whether a question of one world can stand for one of another in a bootstrap.
  bool have_one_shape(const std::vector<ReplicateKey>& keys) const {
    const std::vector<Part>& first = parts_.at(keys.front().first);
    return std::all_of(keys.begin(), keys.end(), [&](const ReplicateKey& key) {
      const std::vector<Part>& own = parts_.at(key.first);
      return std::equal(
          own.begin(), own.end(), first.begin(), first.end(), [](const Part& a, const Part& b) {
            return a.benchmark == b.benchmark && a.questions.size() == b.questions.size();
          });
    });
  }

  Scores scores(std::size_t m, const std::vector<ReplicateKey>& keys) const {
    Scores result;
    for (const ReplicateKey& key : keys) {
      const MethodAnswers& answers = methods_.methods[m].replicates.at(key);
      auto& seed = result.emplace_back();
      for (const Part& part : parts_.at(key.first)) {
        auto& own = seed.emplace_back();
        for (const std::size_t q : part.questions) own.push_back(answers.scores[part.benchmark][q]);
      }
    }
    return result;
  }

  BootstrapOptions bootstrap(std::uint64_t world) const {
    BootstrapOptions options{settings_.bootstrap_draws, settings_.confidence, 0, {}};
    for (const Part& part : parts_.at(world)) options.weights.push_back(part.weight);
    return options;
  }

  const ComparedMethods& methods_;
  const ComparisonSettings& settings_;
  std::map<std::uint64_t, std::vector<Part>> parts_;  // by world
};

void mark_front(const std::vector<std::size_t>& taking_part, MethodComparison& comparison) {
  for (const std::size_t m : taking_part) {
    MethodSummary& own = comparison.summaries[m];
    if (!own.cpu_seconds || !own.average) continue;
    own.on_front = std::none_of(taking_part.begin(), taking_part.end(), [&](std::size_t o) {
      const MethodSummary& other = comparison.summaries[o];
      if (!other.cpu_seconds || !other.average) return false;
      const double cost = *own.cpu_seconds - *other.cpu_seconds;
      const double gain = other.average->value - own.average->value;
      return cost >= 0.0 && gain >= 0.0 && (cost > 0.0 || gain > 0.0);
    });
  }
}

// b minus a.
PairComparison turned(PairComparison pair) {
  std::swap(pair.a, pair.b);
  if (pair.difference) {
    const Interval& known = *pair.difference;
    pair.difference = Interval{-known.value, -known.high, -known.low};
  }
  pair.questions = -pair.questions;
  std::swap(pair.count.wins, pair.count.losses);
  for (auto& [name, count] : pair.subtasks) std::swap(count.wins, count.losses);
  return pair;
}

std::size_t place_of_against(const ComparedMethods& methods, const ComparisonSettings& settings) {
  if (!settings.against.empty()) return methods.index_of(settings.against);
  for (std::size_t m = 0; m < methods.methods.size(); ++m) {
    if (methods.methods[m].role == "reference") return m;
  }
  return 0;
}

}  // namespace

MethodComparison compare_methods(const ComparedMethods& methods,
                                 const ComparisonSettings& settings) {
  MethodComparison comparison;
  comparison.against = place_of_against(methods, settings);
  std::vector<std::size_t> taking_part;
  for (const std::string& name : settings.methods) taking_part.push_back(methods.index_of(name));
  std::sort(taking_part.begin(), taking_part.end());
  taking_part.erase(std::unique(taking_part.begin(), taking_part.end()), taking_part.end());
  for (std::size_t m = 0; settings.methods.empty() && m < methods.methods.size(); ++m) {
    if (methods.methods[m].takes_part()) taking_part.push_back(m);
  }
  const Comparer comparer(methods, settings);
  comparison.summaries.resize(methods.methods.size());
  parallel_for(methods.methods.size(),
               [&](std::size_t m) { comparison.summaries[m] = comparer.summary(m); });
  mark_front(taking_part, comparison);

  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (std::size_t i = 0; i < taking_part.size(); ++i) {
    for (std::size_t j = i + 1; j < taking_part.size(); ++j) {
      const std::size_t a = taking_part[i], b = taking_part[j];
      if (comparer.common(a, b).empty()) {
        comparison.left_out.push_back(
            {methods.methods[a].label + " and " + methods.methods[b].label,
             "they have no world and seed in common"});
      } else {
        places.emplace_back(a, b);
      }
    }
  }
  comparison.pairs.resize(places.size());
  parallel_for(places.size(), [&](std::size_t i) {
    comparison.pairs[i] = comparer.pair(places[i].first, places[i].second);
  });
  std::vector<double> sign, permutation;
  for (const PairComparison& pair : comparison.pairs) {
    sign.push_back(pair.sign_p);
    permutation.push_back(pair.permutation_p);
  }
  sign = holm(sign);
  permutation = holm(permutation);
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> found;
  for (std::size_t i = 0; i < places.size(); ++i) {
    comparison.pairs[i].sign_holm = sign[i];
    comparison.pairs[i].permutation_holm = permutation[i];
    found[places[i]] = i;
  }

  comparison.to_against.resize(methods.methods.size());
  parallel_for(methods.methods.size(), [&](std::size_t m) {
    const std::size_t target = comparison.against;
    if (m == target || comparer.common(m, target).empty()) return;
    const auto same = found.find({std::min(m, target), std::max(m, target)});
    if (same == found.end()) {
      comparison.to_against[m] = comparer.pair(m, target);
      return;
    }
    const PairComparison& pair = comparison.pairs[same->second];
    comparison.to_against[m] = pair.a == m ? pair : turned(pair);
  });
  return comparison;
}

}  // namespace winnow
