#pragma once
// What a comparison measured, before any statistics: every answer of every checkpoint, and what it
// cost.

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/benchmark.h"
#include "experiments/comparison/comparison_options.h"

namespace winnow {

struct BenchmarkScores {
  std::string benchmark;
  std::vector<double> scores;  // [questions] from 0 to 1, in the benchmark's order
  // [questions]; empty: all were. A question that was not asked has no score; 0 stands there.
  std::vector<bool> asked = {};
  bool was_asked(std::size_t question) const { return asked.empty() || asked[question]; }
};

struct CheckpointScores {
  std::int64_t samples = 0;             // trained since the base; 0 for the base itself
  std::vector<BenchmarkScores> scores;  // in the order of the config's benchmarks
};

// One method trained with one seed.
struct MethodRun {
  std::vector<CheckpointScores> checkpoints;  // the last is the end; the base has this one alone
  boost::json::object composition;            // of the subset; empty for the base
  boost::json::array warnings;                // of the selector
  std::string manifest;                       // of the selection: its file's name
  std::string subset_digest, weights_digest;
  std::filesystem::path selection_folder;  // of the stage; holds its manifest
  double descriptor_cpu_seconds = 0.0;     // the whole pass, for a selector that reads its columns
  // Model operations of measuring and of training, estimates; absent where they are not counted.
  std::optional<double> measuring_operations, training_operations;
  double selection_cpu_seconds = 0.0;
  double training_cpu_seconds = 0.0;
};

struct MethodResult {
  std::string name, label;
  Role role = Role::method;
  std::vector<MethodRun> runs;  // by replicate
};

struct QuestionKind {
  std::string id;
  std::string subtask;
  std::optional<double> chance;  // of a blind guess, 0 to 1; unknown without options
};

// A world and the base trained for it.
struct WorldResult {
  std::uint64_t seed = 0;
  std::string world_digest, base_digest;
  std::vector<BenchmarkScores> base_scores;
  std::vector<std::vector<QuestionKind>> questions;  // [benchmark][question], as in the scores
  boost::json::object screening;                     // facts of the stage: what no method may take
  std::int64_t set_aside = 0;                        // samples of the pool kept for anchors
  std::filesystem::path screening_folder;            // holds the ids, excluded.jsonl
  // Samples that could not be measured, which no method takes: id, reason, detail.
  boost::json::array unusable;
  // Of wrong answers by column, a utility's as means over the seeds' draws; empty without columns.
  boost::json::object detection;
  // The same of every hidden label, by label; and the pool's composition (composition.h). Both are
  // empty unless they were asked for (Extent).
  boost::json::object label_areas, pool;
  // By utility column, of the first seed's draw; empty unless the anchors are folded.
  boost::json::object toxic;
  std::uint64_t toxic_seed = 0;
  std::filesystem::path toxic_folder;  // holds toxic.jsonl; empty with `toxic`
  boost::json::object judge;           // facts of the stage; empty without one
  // CPU seconds of what all methods share, by stage.
  std::vector<std::pair<std::string, double>> shared_cpu_seconds;
};

// One training seed in its world.
struct Replicate {
  std::uint64_t seed = 0;
  std::size_t world = 0;  // index into ComparisonResults::worlds
};

// A benchmark and how it counts.
struct ComparedBenchmark {
  std::string name;
  double weight = 1.0;
  BenchmarkOptions::Average average = BenchmarkOptions::Average::questions;
};

struct ComparisonResults {
  std::vector<ComparedBenchmark> benchmarks;
  std::vector<Replicate> replicates;
  std::vector<WorldResult> worlds;
  std::vector<MethodResult> methods;  // base, control, reference, methods, oracle
  bool has_labels = true;             // whether the pool has hidden labels
  double checkpoint_questions = 1.0;  // share asked of checkpoints before the last
  // How many of the stages that the results are made of each commit made (StageCache::commits).
  std::map<std::string, std::size_t> commits;
  bool has(Role role) const;
  const MethodResult& with(Role role) const;  // requires has(role)
};

}  // namespace winnow
