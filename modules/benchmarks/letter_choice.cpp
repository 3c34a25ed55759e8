// Multiple choice by a written answer: the model writes a few words, and the option that they name
// is its choice.

#include "benchmarks/evaluator.h"
#include "benchmarks/option_letters.h"
#include "core/errors.h"

namespace winnow {
namespace {

struct LetterChoiceOptions {
  enum class Parser {
    letter_or_text,
    first_letter,
    standalone_letter,
    character_before_parenthesis,
  };
  BOOST_DESCRIBE_NESTED_ENUM(Parser, letter_or_text, first_letter, standalone_letter,
                             character_before_parenthesis)

  std::int64_t batch_size = 64;
  std::int64_t maximum_tokens = 16;
  Parser parser = Parser::letter_or_text;
  bool unwrap = true;
};
BOOST_DESCRIBE_STRUCT(LetterChoiceOptions, (), (batch_size, maximum_tokens, parser, unwrap))

config::Help help(const LetterChoiceOptions&) {
  return {{"batch_size", "questions answered at once", config::at_least(1)},
          {"maximum_tokens", "tokens after which an answer is cut off", config::at_least(1)},
          {"parser",
           "how an option is read from an answer: letter_or_text takes any number of options; "
           "first_letter (A to D) is the rule of Video-MME and LVBench, standalone_letter (A to E) "
           "that of MVBench, character_before_parenthesis that of MLVU"},
          {"unwrap", "read the inside of <answer>...</answer> or \\boxed{...} where there is one"}};
}

class LetterChoice : public BatchedEvaluator {
 public:
  using Parser = LetterChoiceOptions::Parser;

  explicit LetterChoice(LetterChoiceOptions options)
      : BatchedEvaluator(options.batch_size), options_(options) {}

  void check(const Question& question) const override {
    const std::string right = right_letter(question);
    const auto refuse = [&](const std::string& reason) {
      throw DataError(question.place() + ": question '" + question.id + "' " + reason);
    };
    if (right.empty()) {
      refuse("has " +
             std::string(question.candidates.empty() ? "neither options nor a letter as its answer"
                                                     : "several right options") +
             "; letter_choice reads the letter of the one right option");
    }
    if (const std::string read_as = read(right, question); read_as != right) {
      refuse("has the right option " + right + ", which its evaluator's parser reads as '" +
             read_as + "'; letter_or_text reads every letter");
    }
  }

 private:
  // Of the right option; of a question whose options stand in its text the answer itself.
  static std::string right_letter(const Question& question) {
    if (question.correct) return letter_of(*question.correct);
    if (!question.candidates.empty() || question.accepted.size() != 1) return "";
    const std::string& answer = question.accepted.front();
    return answer.size() == 1 && answer[0] >= 'A' && answer[0] <= 'Z' ? answer : "";
  }

  std::string read(const std::string& answer, const Question& question) const {
    switch (options_.parser) {
      case Parser::letter_or_text:
        return letter_or_text(answer, question.candidates);
      case Parser::first_letter:
        return first_letter(answer);
      case Parser::standalone_letter:
        return standalone_letter(answer);
      case Parser::character_before_parenthesis:
        return character_before_parenthesis(answer);
    }
    throw std::logic_error("a parser without a rule");
  }

  std::vector<Outcome> answer_batch(VisionLanguageModel& model,
                                    const std::vector<const Question*>& questions,
                                    const std::vector<ModelInput>& inputs) const override {
    std::vector<Outcome> outcomes = written_answers(model, inputs, options_.maximum_tokens);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      Outcome& outcome = outcomes[i];
      outcome.parsed =
          read(options_.unwrap ? unwrapped_answer(outcome.answer) : outcome.answer, *questions[i]);
      outcome.score = outcome.parsed == right_letter(*questions[i]) ? 1.0 : 0.0;
      if (outcome.parsed.empty()) {
        outcome.failure = std::string(kNotParsed) + "the answer names no option";
      }
    }
    return outcomes;
  }

  LetterChoiceOptions options_;
};

const bool registered = evaluators().add<LetterChoice, LetterChoiceOptions>(
    "letter_choice", "multiple choice by a short written answer, whose letter or text is read");

}  // namespace
}  // namespace winnow
