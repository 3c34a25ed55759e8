// Multiple choice by answer likelihood: the candidate with the highest log-likelihood per token,
// end of turn included, is the model's answer.

#include <algorithm>
#include <numeric>

#include "benchmarks/evaluator.h"

namespace winnow {
namespace {

struct MultipleChoiceOptions {
  std::int64_t batch_size = 64;
  bool normalise_length = true;
};
BOOST_DESCRIBE_STRUCT(MultipleChoiceOptions, (), (batch_size, normalise_length))

config::Help help(const MultipleChoiceOptions&) {
  return {{"batch_size", "questions per forward pass", config::at_least(1)},
          {"normalise_length", "divide a candidate's log-likelihood by its number of tokens"}};
}

class MultipleChoice : public Evaluator {
 public:
  explicit MultipleChoice(MultipleChoiceOptions options) : options_(options) {}

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
      std::vector<std::vector<std::string>> candidates;
      for (std::size_t i = begin; i < end; ++i) {
        batch.push_back(inputs[order[i]]);
        candidates.push_back(benchmark.questions[order[i]].candidates);
      }
      const auto likelihoods = model.score_continuations(*model.prefill(batch), candidates);
      for (std::size_t i = begin; i < end; ++i) {
        scores.correct[order[i]] =
            best(likelihoods[i - begin]) == benchmark.questions[order[i]].correct;
      }
    }
    return scores;
  }

 private:
  // The first of equals: candidates are in a random order of the benchmark's own.
  std::size_t best(const std::vector<std::pair<double, std::int64_t>>& likelihoods) const {
    std::size_t choice = 0;
    double highest = 0.0;
    for (std::size_t k = 0; k < likelihoods.size(); ++k) {
      const auto& [sum, tokens] = likelihoods[k];
      const double score = options_.normalise_length ? sum / static_cast<double>(tokens) : sum;
      if (k == 0 || score > highest) {
        choice = k;
        highest = score;
      }
    }
    return choice;
  }

  MultipleChoiceOptions options_;
};

const bool registered = evaluators().add<MultipleChoice, MultipleChoiceOptions>(
    "multiple_choice", "multiple choice by answer likelihood");

}  // namespace
}  // namespace winnow
