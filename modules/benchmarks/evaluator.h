#pragma once
// An evaluator puts questions to a model and marks what it says. It keeps an outcome for every
// single question, so that methods can be compared question by question.

#include <memory>
#include <vector>

#include "benchmarks/outcome.h"
#include "benchmarks/question.h"
#include "config/component.h"
#include "models/vision_language_model.h"

namespace winnow {

struct AskedQuestion {
  const Question* question = nullptr;
  ModelInput input;  // its conversation with its media, up to the right reply, which nobody reads
};

class Evaluator {
 public:
  virtual ~Evaluator() = default;
  // Throws DataError naming file and line of a question that it cannot mark, and what would be
  // right.
  virtual void check(const Question& question) const = 0;
  // One outcome for each, in their order. It depends on model and question alone, whatever others
  // are asked with it.
  virtual std::vector<Outcome> answer(VisionLanguageModel& model,
                                      std::vector<AskedQuestion> questions) const = 0;
};

config::ComponentKind<Evaluator>& evaluators();

// Asks questions of one length together, so that little of a batch is padding, and shares a batch's
// seconds among them.
class BatchedEvaluator : public Evaluator {
 public:
  explicit BatchedEvaluator(std::int64_t batch_size) : batch_size_(batch_size) {}
  std::vector<Outcome> answer(VisionLanguageModel& model,
                              std::vector<AskedQuestion> questions) const final;

 private:
  virtual std::vector<Outcome> answer_batch(VisionLanguageModel& model,
                                            const std::vector<const Question*>& questions,
                                            const std::vector<ModelInput>& inputs) const = 0;

  std::int64_t batch_size_;
};

// What the model writes for each prompt, always its likeliest token: outcomes with the answer and
// its tokens, as the model's tokenizer cuts the text, and nothing else.
std::vector<Outcome> written_answers(VisionLanguageModel& model,
                                     const std::vector<ModelInput>& inputs,
                                     std::int64_t maximum_tokens);

}  // namespace winnow
