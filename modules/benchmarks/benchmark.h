#pragma once
// A benchmark: questions, and how they are put to a model, marked and averaged. Where questions
// come from is a component, the kind `benchmark`; all else is the same for every one of them.

#include <boost/describe.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/evaluation.h"
#include "benchmarks/evaluator.h"
#include "benchmarks/question.h"
#include "benchmarks/question_prompt.h"
#include "config/component.h"

namespace winnow {

// Where a benchmark's questions come from, by config type.
class Benchmark {
 public:
  virtual ~Benchmark() = default;
  // All that the questions depend on: options, the seed where they are generated, digests of files.
  // Throws IoError where a file is not there.
  virtual config::Value identity(std::uint64_t seed) const = 0;
  // Whether make() has to be called before questions().
  virtual bool is_generated() const { return false; }
  // Generated ones write questions and media to `folder`, which exists. Equal options and seed give
  // equal bytes.
  virtual void make(std::uint64_t seed, const std::filesystem::path& folder) const;
  // `folder`: where make() has written. Ids are unique, the order is always the same. Throws
  // IoError and DataError naming file and line.
  virtual std::vector<Question> questions(const std::filesystem::path& folder) const = 0;
};

config::ComponentKind<Benchmark>& benchmarks();

// The table `benchmarks.<name>`, beside its type's own options and the table `evaluator`.
struct BenchmarkOptions : EvaluationLimits {
  // What a benchmark's score is the mean of.
  enum class Average { questions, subtasks };
  BOOST_DESCRIBE_NESTED_ENUM(Average, questions, subtasks)

  double weight = 1.0;
  Average average = Average::questions;
  std::string prompt = "{media}\n{question}";
  std::string option = "({letter}) {candidate}\n";
  std::string reply = "{candidate}";
  std::string split;
  std::string development_split;
  double development_share = 0.0;
};
BOOST_DESCRIBE_STRUCT(BenchmarkOptions, (EvaluationLimits),
                      (weight, average, prompt, option, reply, split, development_split,
                       development_share))
config::Help help(const BenchmarkOptions&);

// One benchmark of a config. Immutable; used from several threads.
class BenchmarkTask {
 public:
  // `path`: the table's place in the config; empty: benchmarks.<name>. Throws ConfigError for bad
  // options, of the evaluator, too.
  BenchmarkTask(std::string name, const config::Value& table, std::string path = {});

  const std::string& name() const { return name_; }
  const BenchmarkOptions& options() const { return options_; }
  const Benchmark& source() const { return *source_; }
  const Evaluator& evaluator() const { return *evaluator_; }
  const config::Value& evaluator_config() const { return evaluator_config_; }
  // What its questions, as they are asked, depend on: the source's identity, templates and splits.
  config::Value identity(std::uint64_t seed) const;

  // The questions that are asked, and those that are set aside for development (anchors): none
  // unless the options say so. Questions that show the same medium are on one side. Throws IoError
  // and DataError as the source does, also where the evaluator cannot mark a question, and where
  // more of them than the options allow show a file that is not there.
  struct Parts {
    std::vector<Question> asked, development;
  };
  Parts read(const std::filesystem::path& folder) const;

 private:
  std::string name_, path_;
  BenchmarkOptions options_;
  config::Value evaluator_config_;
  std::unique_ptr<Benchmark> source_;
  std::unique_ptr<Evaluator> evaluator_;
  std::unique_ptr<QuestionPrompt> prompt_;
};

// Every table below `benchmarks`, in the order of the config. Throws ConfigError.
std::vector<BenchmarkTask> read_benchmarks(const config::Value& config);

// The parts of a benchmark whose means are averaged, as indices of its questions: one part of all,
// or one for each subtask, by name. A part counts as much as any other one.
std::vector<std::vector<std::size_t>> averaged_parts(const std::vector<Question>& questions,
                                                     BenchmarkOptions::Average average);

// From 0 to 1: the mean of these parts' mean scores.
double score_of(const std::vector<Question>& questions, const std::vector<Outcome>& outcomes,
                BenchmarkOptions::Average average);

}  // namespace winnow
