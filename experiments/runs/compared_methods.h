#pragma once
// The methods of several runs side by side: what each answered, and which of them can be compared.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/runs/run_folder.h"

namespace winnow {

struct ComparedQuestion {
  std::string id, subtask;
  bool operator==(const ComparedQuestion&) const = default;
};

struct AskedBenchmark {
  std::string name;
  double weight = 1.0;
  bool by_subtask = false;  // its accuracy is the mean over subtasks
  bool operator==(const AskedBenchmark&) const = default;
};

// By world: [benchmark][question].
using AskedWorlds = std::map<std::uint64_t, std::vector<std::vector<ComparedQuestion>>>;

// (world, seed)
using ReplicateKey = std::pair<std::uint64_t, std::uint64_t>;

struct MethodAnswers {
  std::string weights;                      // digest
  std::vector<std::vector<double>> scores;  // [benchmark][question], 0 to 1, of the last checkpoint
  // Measuring, choosing and training; absent where the run does not say.
  std::optional<double> cpu_seconds;
};

struct ComparedMethod {
  std::string name, label, role;
  std::vector<std::string> runs;  // that it was taken from
  std::optional<std::int64_t> rows;
  std::map<ReplicateKey, MethodAnswers> replicates;
  bool takes_part() const { return role != "base" && role != "oracle"; }
};

struct NotComparable {
  std::string what, reason;  // "table1,seed=2", or "Temp and Temp+"
};

struct ComparedMethods {
  std::vector<AskedBenchmark> benchmarks;
  AskedWorlds worlds;
  std::vector<ComparedMethod> methods;
  std::vector<NotComparable> left_out;
  std::vector<std::string> notes;
  // By name, "NAME@RUN" where several runs have it, or label; throws ConfigError with the nearest.
  std::size_t index_of(const std::string& method) const;
};

// The first run is what the others must fit: the same benchmarks and weights, the same questions
// where they share a world, the same base model there, and the same trainer, batch source, model,
// base and sampling; one that does not is left out with the reason. Of two runs with one method, by
// its config and that of what it reads, the seeds become one method's; equal weights of one seed
// count once. Methods that differ under one name are told apart by their runs. Throws ConfigError
// where the first run has no answers, DataError for files that are no such files.
ComparedMethods compared_methods(const std::vector<Run>& runs);

}  // namespace winnow
