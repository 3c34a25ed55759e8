#include "experiments/runs/compared_methods.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <tuple>

#include "core/errors.h"
#include "experiments/runs/json_lines.h"
#include "experiments/stages/run_files.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

// What every method of a comparison shares; where two runs differ in it, what their methods chose
// is not the only difference.
const std::vector<std::string> kRecipe = {"benchmarks.", "trainer.", "batch_source.",
                                          "model.",      "base.",    "sampling."};
// What a method's choice depends on beside its own table.
const std::vector<std::string> kChoice = {"pool.",        "world.", "screening.",
                                          "descriptors.", "proxy.", "utility.",
                                          "anchors.",     "judge.", "measured_pool."};

std::string text(const json::object& object, const char* key) {
  return std::string(object.at(key).as_string());
}
std::uint64_t whole(const json::object& object, const char* key) {
  return object.at(key).to_number<std::uint64_t>();
}

struct Answers {
  std::int64_t samples = -1;
  std::vector<double> scores;
};

// Everything of one run that a comparison reads.
struct RunAnswers {
  const Run* run = nullptr;
  std::vector<AskedBenchmark> benchmarks;
  AskedWorlds worlds;
  std::map<std::uint64_t, std::string> bases, pools;  // digests by world
  std::vector<ComparedMethod> methods;
};

void read_questions(RunAnswers& answers) {
  std::set<std::string> known;
  read_json_lines(answers.run->folder / kQuestionsFile, [&](const json::object& line) {
    const std::string name = text(line, "benchmark");
    if (known.insert(name).second) {
      answers.benchmarks.push_back(
          {name, line.at("weight").to_number<double>(), text(line, "average") == "subtasks"});
    }
    auto& world = answers.worlds[whole(line, "world")].emplace_back();
    for (const json::value& question : line.at("questions").as_array()) {
      world.push_back(
          {std::string(question.at(0).as_string()), std::string(question.at(1).as_string())});
    }
    return true;
  });
}

std::vector<double> scores_of(const json::object& line) {
  std::vector<double> scores;
  if (const json::value* correct = line.if_contains("correct")) {
    for (const char c : correct->as_string()) {
      if (c != '0' && c != '1') return {};  // not all were asked: no last checkpoint
      scores.push_back(c == '1' ? 1.0 : 0.0);
    }
    return scores;
  }
  for (const json::value& score : line.at("scores").as_array()) {
    if (!score.is_number()) return {};
    scores.push_back(score.to_number<double>());
  }
  return scores;
}

void read_scores(RunAnswers& answers) {
  std::map<std::string, std::size_t> benchmarks, methods;
  for (const AskedBenchmark& benchmark : answers.benchmarks) {
    benchmarks.emplace(benchmark.name, benchmarks.size());
  }
  std::map<std::tuple<std::string, ReplicateKey, std::size_t>, std::int64_t> reached;
  const fs::path file = answers.run->folder / kScoresFile;
  read_json_lines(file, [&](const json::object& line) {
    const std::string name = text(line, "method");
    const ReplicateKey key{whole(line, "world"), whole(line, "seed")};
    const std::size_t benchmark = benchmarks.at(text(line, "benchmark"));
    const auto samples = line.at("samples").to_number<std::int64_t>();
    const auto [place, is_new] = methods.emplace(name, answers.methods.size());
    if (is_new) {
      ComparedMethod& method = answers.methods.emplace_back();
      method.name = method.label = name;
      method.role = "method";
      method.runs = {answers.run->name};
    }
    auto& before = reached.emplace(std::tuple(name, key, benchmark), -1).first->second;
    if (samples < before) return true;
    before = samples;
    auto& scores = answers.methods[place->second].replicates[key].scores;
    scores.resize(answers.benchmarks.size());
    scores[benchmark] = scores_of(line);
    if (scores[benchmark].size() != answers.worlds.at(key.first).at(benchmark).size()) {
      throw DataError(fmt::format("{}: {} answers of {} to {} questions of {}", file.string(),
                                  scores[benchmark].size(), name,
                                  answers.worlds.at(key.first).at(benchmark).size(),
                                  answers.benchmarks[benchmark].name));
    }
    return true;
  });
}

void read_origins(RunAnswers& answers) {
  const json::object origin = provenance_file(*answers.run);
  try {
    for (const json::value& value : origin.at("worlds").as_array()) {
      const json::object& world = value.as_object();
      answers.bases[whole(world, "seed")] = text(world, "base");
      answers.pools[whole(world, "seed")] = text(world, "world");
    }
    for (const json::value& value : origin.at("runs").as_array()) {
      const json::object& one = value.as_object();
      for (ComparedMethod& method : answers.methods) {
        if (method.name != text(one, "method")) continue;
        const auto found = method.replicates.find({whole(one, "world_seed"), whole(one, "seed")});
        if (found == method.replicates.end()) continue;
        found->second.weights = text(one, "weights");
        if (const json::value* rows = one.if_contains("rows")) {
          method.rows = rows->to_number<std::int64_t>();
        }
        if (const json::value* measuring = one.if_contains("measuring_cpu_seconds")) {
          found->second.cpu_seconds = measuring->to_number<double>() +
                                      one.at("selection_cpu_seconds").to_number<double>() +
                                      one.at("training_cpu_seconds").to_number<double>();
        }
      }
    }
  } catch (const std::exception& error) {
    throw DataError((answers.run->folder / kProvenanceFile).string() + ": " + error.what());
  }
}

RunAnswers read_answers(const Run& run) {
  RunAnswers answers;
  answers.run = &run;
  std::error_code error;
  if (!fs::exists(run.folder / kScoresFile, error)) {
    throw ConfigError(
        fmt::format("{} has no answers ({}): {}", run.name, kScoresFile,
                    run.state == "done" ? "its recipe compares no methods" : "it is " + run.state));
  }
  if (!fs::exists(run.folder / kQuestionsFile, error)) {
    throw ConfigError(fmt::format(
        "{} does not say which questions it asked ({}); run it again, which takes seconds with its "
        "stages there",
        run.name, kQuestionsFile));
  }
  read_questions(answers);
  read_scores(answers);
  read_origins(answers);
  for (ComparedMethod& method : answers.methods) {
    for (const MethodOfRun& known : run.methods) {
      if (known.name != method.name) continue;
      method.label = known.label;
      method.role = known.role;
      if (!method.rows) method.rows = known.rows;
    }
  }
  return answers;
}

// Values of a config below some prefixes.
std::map<std::string, std::string> part_of(const Run& run,
                                           const std::vector<std::string>& prefixes) {
  std::map<std::string, std::string> part;
  for (const std::string& prefix : prefixes) {
    for (auto entry = run.config().lower_bound(prefix);
         entry != run.config().end() && entry->first.starts_with(prefix); ++entry) {
      part[entry->first] = entry->second.value;
    }
  }
  return part;
}

// "trainer.learning_rate is 0.001 and not 0.0005"; empty where all are equal.
std::string config_difference(const Run& run, const Run& first,
                              const std::vector<std::string>& prefixes) {
  const auto own = part_of(run, prefixes), wanted = part_of(first, prefixes);
  std::set<std::string> keys;
  for (const auto& [key, value] : own) keys.insert(key);
  for (const auto& [key, value] : wanted) keys.insert(key);
  for (const std::string& key : keys) {
    const auto a = own.find(key), b = wanted.find(key);
    if (a == own.end()) return fmt::format("it has no {}, which is {}", key, b->second);
    if (b == wanted.end()) return fmt::format("it has {} = {}", key, a->second);
    if (a->second != b->second) {
      return fmt::format("{} is {} and not {}", key, a->second, b->second);
    }
  }
  return {};
}

std::string join(const std::vector<AskedBenchmark>& benchmarks) {
  std::string names;
  for (const AskedBenchmark& one : benchmarks) names += (names.empty() ? "" : ", ") + one.name;
  return names;
}

// Why a run's answers stand beside those of the first; empty where they do.
std::string why_not(const RunAnswers& own, const RunAnswers& first) {
  if (own.benchmarks != first.benchmarks) {
    const std::string names = join(own.benchmarks), wanted = join(first.benchmarks);
    if (names == wanted) return "its benchmarks have other weights or another kind of average";
    return fmt::format("its benchmarks are {} and not {}", names, wanted);
  }
  for (const auto& [world, benchmarks] : own.worlds) {
    const auto found = first.worlds.find(world);
    if (found == first.worlds.end()) continue;
    for (std::size_t b = 0; b < benchmarks.size(); ++b) {
      if (benchmarks[b] == found->second[b]) continue;
      return fmt::format("it asks other questions of {} in world {}: {} and not {}, or others",
                         own.benchmarks[b].name, world, benchmarks[b].size(),
                         found->second[b].size());
    }
    const auto base = own.bases.find(world), wanted = first.bases.find(world);
    if (base != own.bases.end() && wanted != first.bases.end() && base->second != wanted->second) {
      return fmt::format("it trains another base model in world {}", world);
    }
  }
  const std::string difference = config_difference(*own.run, *first.run, kRecipe);
  return difference.empty() ? "" : "another recipe: " + difference;
}

// Whether the method of one run is that of another.
bool is_same_method(const ComparedMethod& own, const Run& own_run, const ComparedMethod& known,
                    const Run& known_run) {
  if (own.name != known.name || own.role != known.role || own.rows != known.rows) return false;
  for (const auto& [key, answers] : own.replicates) {
    const auto same = known.replicates.find(key);
    if (same != known.replicates.end() && same->second.weights != answers.weights) return false;
  }
  // The base is what it was trained from; a choice depends on more.
  if (own.role == "base") return true;
  std::vector<std::string> prefixes = kChoice;
  prefixes.push_back("methods." + own.name + ".");
  return config_difference(own_run, known_run, prefixes).empty();
}

}  // namespace

std::size_t ComparedMethods::index_of(const std::string& method) const {
  std::vector<std::string> known;
  for (std::size_t m = 0; m < methods.size(); ++m) {
    if (methods[m].name == method || methods[m].label == method) return m;
    known.push_back(methods[m].name);
  }
  throw ConfigError(
      fmt::format("the runs have no method '{}'.{}", method, suggestion(method, known)));
}

ComparedMethods compared_methods(const std::vector<Run>& runs) {
  if (runs.empty()) throw ConfigError("name at least one run");
  const RunAnswers first = read_answers(runs.front());
  ComparedMethods all;
  all.benchmarks = first.benchmarks;
  all.worlds = first.worlds;
  all.methods = first.methods;
  std::vector<const Run*> origin(all.methods.size(), &runs.front());
  std::set<std::string> other_pools;
  for (std::size_t r = 1; r < runs.size(); ++r) {
    RunAnswers own;
    std::string reason;
    try {
      own = read_answers(runs[r]);
      reason = why_not(own, first);
    } catch (const ConfigError& error) {
      reason = error.what();
    }
    if (!reason.empty()) {
      all.left_out.push_back({runs[r].name, reason});
      continue;
    }
    for (const auto& [world, questions] : own.worlds) {
      all.worlds.emplace(world, questions);
      const auto pool = first.pools.find(world);
      if (pool != first.pools.end() && pool->second != own.pools[world]) {
        other_pools.insert(runs[r].name);
      }
    }
    for (ComparedMethod& method : own.methods) {
      std::size_t same = 0;
      while (same < all.methods.size() &&
             !is_same_method(method, runs[r], all.methods[same], *origin[same])) {
        ++same;
      }
      if (same < all.methods.size()) {
        ComparedMethod& known = all.methods[same];
        const std::size_t before = known.replicates.size();
        for (auto& [key, answers] : method.replicates) {
          known.replicates.emplace(key, std::move(answers));
        }
        if (known.replicates.size() > before) known.runs.push_back(runs[r].name);
      } else {
        all.methods.push_back(std::move(method));
        origin.push_back(&runs[r]);
      }
    }
  }
  for (const std::string& name : other_pools) {
    all.notes.push_back(name + " chooses from another pool than " + runs.front().name + ".");
  }
  std::map<std::string, int> names;
  for (const ComparedMethod& method : all.methods) ++names[method.name];
  for (ComparedMethod& method : all.methods) {
    if (names[method.name] == 1) continue;
    method.name += "@" + method.runs.front();
    method.label += " (" + method.runs.front() + ")";
  }
  return all;
}

}  // namespace winnow
