#include "benchmarks/evaluator.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "core/random.h"

namespace winnow {

config::ComponentKind<Evaluator>& evaluators() {
  static config::ComponentKind<Evaluator> kind("evaluator");
  return kind;
}

std::vector<Outcome> BatchedEvaluator::answer(VisionLanguageModel& model,
                                              std::vector<AskedQuestion> questions) const {
  std::vector<std::size_t> order(questions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return questions[a].input.length() < questions[b].input.length();
  });
  std::vector<Outcome> outcomes(questions.size());
  const auto batch_size = static_cast<std::size_t>(batch_size_);
  for (std::size_t begin = 0; begin < order.size(); begin += batch_size) {
    const std::size_t end = std::min(order.size(), begin + batch_size);
    std::vector<const Question*> asked;
    std::vector<ModelInput> inputs;
    for (std::size_t i = begin; i < end; ++i) {
      asked.push_back(questions[order[i]].question);
      inputs.push_back(std::move(questions[order[i]].input));
    }
    const auto start = std::chrono::steady_clock::now();
    std::vector<Outcome> answers = answer_batch(model, asked, inputs);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    for (std::size_t i = begin; i < end; ++i) {
      outcomes[order[i]] = std::move(answers[i - begin]);
      outcomes[order[i]].seconds = spent.count() / static_cast<double>(end - begin);
    }
  }
  return outcomes;
}

std::vector<Outcome> written_answers(VisionLanguageModel& model,
                                     const std::vector<ModelInput>& inputs,
                                     std::int64_t maximum_tokens) {
  std::vector<RandomStream> streams;  // nothing is drawn at temperature 0
  for (std::size_t i = 0; i < inputs.size(); ++i) streams.emplace_back(0, "evaluator");
  std::vector<Outcome> outcomes;
  for (auto& answers :
       model.sample_answers(*model.prefill(inputs), 1, maximum_tokens, 0.0, streams)) {
    Outcome& outcome = outcomes.emplace_back();
    outcome.answer = std::move(answers.front());
    outcome.tokens = static_cast<std::int64_t>(model.tokenizer().encode(outcome.answer).size());
  }
  return outcomes;
}

}  // namespace winnow
