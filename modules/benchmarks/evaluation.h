#pragma once
// Asking a whole benchmark: in windows, so that never more of it is in memory than the limits
// allow, with a journal, so that a killed process is gone on from.

#include <boost/describe.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "benchmarks/evaluator.h"
#include "benchmarks/outcome.h"

namespace winnow {

struct EvaluationLimits {
  double maximum_failed_share = 0.01;
  std::int64_t window_questions = 1024;
  std::int64_t window_megabytes = 1024;
};
BOOST_DESCRIBE_STRUCT(EvaluationLimits, (),
                      (maximum_failed_share, window_questions, window_megabytes))
config::Help help(const EvaluationLimits&);

struct Evaluation {
  std::string name;  // of the benchmark, for messages
  const Evaluator& evaluator;
  const std::vector<Question>& questions;
  // What the model's tower makes of a question's media; by the caller, as checkpoints with one
  // frozen tower share it. Throws DataError where a medium cannot be decoded.
  std::function<std::vector<VisualTokens>(const Question&)> visual;
  EvaluationLimits limits = {};
  // A folder that keeps windows as they are answered, a file each; empty: none. One process writes
  // it at a time, and whoever names it makes sure that it is about these questions and this model.
  std::filesystem::path journal = {};
  // Told of questions as they are answered; those of the journal come first.
  std::function<void(std::int64_t)> progress = {};
};

// One outcome for each question, in their order. A question that cannot be asked (a medium, its
// length) is an outcome with that failure and score 0. Throws DataError when the share of those is
// above the limit; the journal keeps the others, and failures are tried again by the next call.
std::vector<Outcome> evaluate(VisionLanguageModel& model, const Evaluation& evaluation);

}  // namespace winnow
