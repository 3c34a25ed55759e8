// Multiple choice by likelihood: the reply with the highest log-likelihood per token, end of turn
// included, is the model's answer.

#include <cmath>

#include "benchmarks/evaluator.h"
#include "core/errors.h"

namespace winnow {
namespace {

struct MultipleChoiceOptions {
  std::int64_t batch_size = 64;
  bool normalise_length = true;
};
BOOST_DESCRIBE_STRUCT(MultipleChoiceOptions, (), (batch_size, normalise_length))

config::Help help(const MultipleChoiceOptions&) {
  return {{"batch_size", "questions per forward pass", config::at_least(1)},
          {"normalise_length", "divide a reply's log-likelihood by its number of tokens"}};
}

class MultipleChoice : public BatchedEvaluator {
 public:
  explicit MultipleChoice(MultipleChoiceOptions options)
      : BatchedEvaluator(options.batch_size), options_(options) {}

  void check(const Question& question) const override {
    if (question.correct) return;
    const bool none = question.candidates.empty();
    throw DataError(question.place() + ": question '" + question.id + "' has " +
                    (none ? "no options" : "several right options") +
                    "; multiple_choice chooses the one right of several. " +
                    (none ? "final_answer takes questions without options" : ""));
  }

 private:
  std::vector<Outcome> answer_batch(VisionLanguageModel& model,
                                    const std::vector<const Question*>& questions,
                                    const std::vector<ModelInput>& inputs) const override {
    std::vector<std::vector<std::string>> replies;
    for (const Question* question : questions) replies.push_back(question->replies);
    const auto likelihoods = model.score_continuations(*model.prefill(inputs), replies);
    std::vector<Outcome> outcomes;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      outcomes.push_back(outcome_of(*questions[i], likelihoods[i]));
    }
    return outcomes;
  }

  // The first of equals: candidates are in a random order of the benchmark's own.
  Outcome outcome_of(const Question& question,
                     const std::vector<std::pair<double, std::int64_t>>& likelihoods) const {
    Outcome outcome;
    std::size_t choice = 0;
    double highest = 0.0;
    for (std::size_t k = 0; k < likelihoods.size(); ++k) {
      const auto& [sum, tokens] = likelihoods[k];
      outcome.tokens += tokens;
      const double score = options_.normalise_length ? sum / static_cast<double>(tokens) : sum;
      if (std::isnan(score)) {
        outcome.failure = std::string(kNotParsed) + "a likelihood is not a number";
      }
      if (k == 0 || score > highest) {
        choice = k;
        highest = score;
      }
    }
    if (!outcome.failure.empty()) return outcome;
    outcome.answer = question.replies[choice];
    outcome.parsed = letter_of(choice);
    outcome.score = choice == *question.correct ? 1.0 : 0.0;
    return outcome;
  }

  MultipleChoiceOptions options_;
};

const bool registered = evaluators().add<MultipleChoice, MultipleChoiceOptions>(
    "multiple_choice", "multiple choice by the likelihood of each reply");

}  // namespace
}  // namespace winnow
