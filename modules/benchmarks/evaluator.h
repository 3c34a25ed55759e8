#pragma once
// An evaluator asks a model the questions of benchmarks and keeps every single answer, so that
// methods can be compared question by question.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/component.h"
#include "models/vision_language_model.h"

namespace winnow {

struct Question {
  std::string id;
  std::string subtask;
  Sample sample;  // its answer is the correct candidate, or a solution that ends with it
  std::vector<std::string> candidates;
  std::size_t correct = 0;  // index into candidates
};

struct Benchmark {
  std::string name;
  std::vector<Question> questions;
};

// Reads a benchmark's JSONL (fields: id, video | image, question, candidates, answer, subtask, and
// where there is one the whole `solution`). A sample's content digest does not tell where the file
// lies. Throws DataError naming file and line; a benchmark with a bad row is unusable.
Benchmark read_benchmark(const std::string& name, const std::filesystem::path& file);

// What a model answered: [questions] of 1 or 0, in the benchmark's order.
struct BenchmarkScores {
  std::string benchmark;
  std::vector<std::uint8_t> correct;
};

class Evaluator {
 public:
  virtual ~Evaluator() = default;
  // `visual(q)` gives the visual features of question q's media, computed by the caller so that
  // checkpoints with one frozen tower share them.
  virtual BenchmarkScores evaluate(
      VisionLanguageModel& model, const Benchmark& benchmark,
      const std::function<std::vector<VisualTokens>(std::size_t)>& visual) const = 0;
};

config::ComponentKind<Evaluator>& evaluators();

}  // namespace winnow
