// Free answers, matched by their end: the model writes its whole answer, and what follows the last
// "answer is" in it is compared with the benchmark's answer.

#include "benchmarks/final_answer.h"

#include <algorithm>
#include <numeric>

#include "benchmarks/evaluator.h"
#include "core/random.h"

namespace winnow {

std::string final_answer(const std::string& text, const std::string& marker) {
  const std::size_t found = text.rfind(marker);
  std::string answer = found == std::string::npos ? text : text.substr(found + marker.size());
  answer = answer.substr(0, answer.find('\n'));
  const auto kept = [](unsigned char c) { return c != ' ' && c != '.' && c != ':' && c != '\t'; };
  const auto first = std::find_if(answer.begin(), answer.end(), kept);
  const auto last = std::find_if(answer.rbegin(), answer.rend(), kept).base();
  return first < last ? std::string(first, last) : std::string();
}

namespace {

struct FinalAnswerOptions {
  std::int64_t batch_size = 64;
  std::int64_t maximum_tokens = 64;
  std::string marker = "answer is";
};
BOOST_DESCRIBE_STRUCT(FinalAnswerOptions, (), (batch_size, maximum_tokens, marker))

config::Help help(const FinalAnswerOptions&) {
  return {{"batch_size", "questions answered at once", config::at_least(1)},
          {"maximum_tokens", "tokens after which an answer is cut off", config::at_least(1)},
          {"marker", "words before the final answer; the whole text without them"}};
}

class FinalAnswer : public Evaluator {
 public:
  explicit FinalAnswer(FinalAnswerOptions options) : options_(std::move(options)) {}

  BenchmarkScores evaluate(
      VisionLanguageModel& model, const Benchmark& benchmark,
      const std::function<std::vector<VisualTokens>(std::size_t)>& visual) const override {
    const torch::NoGradGuard no_grad;
    BenchmarkScores scores{benchmark.name, {}};
    scores.correct.resize(benchmark.questions.size());
    std::vector<ModelInput> inputs;
    for (std::size_t i = 0; i < benchmark.questions.size(); ++i) {
      inputs.push_back(model.input(benchmark.questions[i].sample, visual(i)));
    }
    // Questions of one length share a batch, so that little of it is padding.
    std::vector<std::size_t> order(inputs.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return inputs[a].length() < inputs[b].length();
    });
    const auto batch_size = static_cast<std::size_t>(options_.batch_size);
    for (std::size_t begin = 0; begin < order.size(); begin += batch_size) {
      const std::size_t end = std::min(order.size(), begin + batch_size);
      std::vector<ModelInput> batch;
      std::vector<RandomStream> streams;  // nothing is drawn at temperature 0
      for (std::size_t i = begin; i < end; ++i) {
        batch.push_back(inputs[order[i]]);
        streams.emplace_back(0, "evaluator/final_answer");
      }
      const auto answers = model.sample_answers(*model.prefill(batch), 1, options_.maximum_tokens,
                                                /*temperature=*/0.0, streams);
      for (std::size_t i = begin; i < end; ++i) {
        const Question& question = benchmark.questions[order[i]];
        scores.correct[order[i]] = final_answer(answers[i - begin].front(), options_.marker) ==
                                   question.candidates[question.correct];
      }
    }
    return scores;
  }

 private:
  FinalAnswerOptions options_;
};

const bool registered = evaluators().add<FinalAnswer, FinalAnswerOptions>(
    "final_answer", "greedy free answers, compared by what they end with");

}  // namespace
}  // namespace winnow
