#pragma once
// Evaluators, questions and configs for the tests of this folder.

#include <memory>
#include <string>
#include <vector>

#include "benchmarks/evaluation.h"
#include "config/read.h"
#include "core/errors.h"
#include "models/micro_fixture.h"

namespace winnow::testing_support {

// {a = 1, b = {c = "d"}} as a config's table.
inline config::Value table_of(const std::string& toml) {
  return config::parse_value("{" + toml + "}", "test", {"test", 1});
}

inline std::unique_ptr<Evaluator> make_evaluator(const std::string& toml) {
  return evaluators().create(table_of(toml), "evaluator");
}

// Questions about noise of different lengths, of three options each.
inline std::vector<Question> noise_questions(std::size_t count) {
  std::vector<Question> questions;
  for (std::size_t i = 0; i < count; ++i) {
    Question question;
    question.id = std::to_string(i);
    question.subtask = i % 2 == 0 ? "even" : "odd";
    question.candidates = question.replies = {"red", "blue", "green blue"};
    question.correct = i % 3;
    question.accepted = {question.candidates[i % 3]};
    question.text = "what colour is it";
    question.sample = question_sample(question.id, question.accepted.front());
    question.sample.file = "noise.jsonl";
    question.sample.line = static_cast<std::int64_t>(i) + 1;
    questions.push_back(std::move(question));
  }
  return questions;
}

// What the model sees of them; `broken` has a medium that cannot be decoded.
inline std::vector<VisualTokens> noise_of(VisionLanguageModel& model, const Question& question,
                                          const std::string& broken = "") {
  if (question.id == broken) throw DataError("/noise/" + question.id + ".mp4: truncated");
  const auto i = static_cast<std::uint64_t>(std::stoll(question.id));
  return model.encode_vision(
      {model.preprocess(noise_frames(1 + static_cast<std::int64_t>(i % 4), i))});
}

inline Evaluation noise_evaluation(const Evaluator& evaluator, VisionLanguageModel& model,
                                   const std::vector<Question>& questions,
                                   const std::string& broken = "") {
  return {"noise", evaluator, questions,
          [&model, broken](const Question& question) { return noise_of(model, question, broken); }};
}

}  // namespace winnow::testing_support
