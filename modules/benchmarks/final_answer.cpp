// Free answers, matched by their end: the model writes its whole answer, and what follows the last
// "answer is" in it is compared with the benchmark's answers.

#include "benchmarks/final_answer.h"

#include <algorithm>

#include "benchmarks/evaluator.h"
#include "core/errors.h"

namespace winnow {
namespace {

struct FinalAnswerOptions {
  enum class Matching { lenient, exact };
  BOOST_DESCRIBE_NESTED_ENUM(Matching, lenient, exact)

  std::int64_t batch_size = 64;
  std::int64_t maximum_tokens = 64;
  std::string marker = "answer is";
  Matching matching = Matching::lenient;
};
BOOST_DESCRIBE_STRUCT(FinalAnswerOptions, (), (batch_size, maximum_tokens, marker, matching))

config::Help help(const FinalAnswerOptions&) {
  return {{"batch_size", "questions answered at once", config::at_least(1)},
          {"maximum_tokens", "tokens after which an answer is cut off", config::at_least(1)},
          {"marker", "words before the final answer"},
          {"matching",
           "lenient: as people write it (bold, formulas, a next line, text behind it, 1,000 or "
           "1000.0); exact: the line behind the marker, character by character, or all of the text "
           "without one"}};
}

class FinalAnswer : public BatchedEvaluator {
 public:
  explicit FinalAnswer(FinalAnswerOptions options)
      : BatchedEvaluator(options.batch_size), options_(std::move(options)) {}

  void check(const Question& question) const override {
    if (!question.accepted.empty()) return;
    throw DataError(question.place() + ": question '" + question.id + "' has no right answer");
  }

 private:
  // Whether the answer is right; `parsed` gets what counted of it.
  bool is_right(const std::string& answer, const Question& question, std::string& parsed) const {
    if (options_.matching == FinalAnswerOptions::Matching::exact) {
      parsed = final_answer(answer, options_.marker);
      return std::find(question.accepted.begin(), question.accepted.end(), parsed) !=
             question.accepted.end();
    }
    const std::vector<std::string> readings = answer_readings(answer, options_.marker);
    parsed = readings.front();
    for (const std::string& reading : readings) {
      for (const std::string& accepted : question.accepted) {
        if (!same_answer(reading, accepted)) continue;
        parsed = reading;
        return true;
      }
    }
    return false;
  }

  std::vector<Outcome> answer_batch(VisionLanguageModel& model,
                                    const std::vector<const Question*>& questions,
                                    const std::vector<ModelInput>& inputs) const override {
    std::vector<Outcome> outcomes = written_answers(model, inputs, options_.maximum_tokens);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      Outcome& outcome = outcomes[i];
      outcome.score = is_right(outcome.answer, *questions[i], outcome.parsed) ? 1.0 : 0.0;
      if (outcome.parsed.empty()) outcome.failure = std::string(kNotParsed) + "there is no answer";
    }
    return outcomes;
  }

  FinalAnswerOptions options_;
};

const bool registered = evaluators().add<FinalAnswer, FinalAnswerOptions>(
    "final_answer", "free answers, compared by what they end with");

}  // namespace
}  // namespace winnow
