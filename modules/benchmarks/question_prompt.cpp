#include "benchmarks/question_prompt.h"

#include <cassert>

#include "core/errors.h"

namespace winnow {

QuestionPrompt::QuestionPrompt(const std::string& prompt, const std::string& option,
                               const std::string& reply, const std::string& path)
    : prompt_(prompt, {"media", "question", "options"}, path + ".prompt"),
      option_(option, {"letter", "candidate"}, path + ".option"),
      reply_(reply, {"letter", "candidate"}, path + ".reply") {
  if (prompt_.count("question") != 1 || prompt_.count("media") > 1) {
    throw ConfigError(path + ".prompt needs the place {question} once and {media} at most once");
  }
  if (reply_.pieces().empty()) throw ConfigError(path + ".reply is empty");
}

void QuestionPrompt::apply(Question& question) const {
  std::string options;
  question.replies.clear();
  for (std::size_t i = 0; i < question.candidates.size(); ++i) {
    const std::map<std::string, std::string> values = {{"letter", letter_of(i)},
                                                       {"candidate", question.candidates[i]}};
    options += option_.fill(values);
    question.replies.push_back(reply_.fill(values));
  }
  assert(!question.sample.turns.empty());
  std::size_t asked = question.sample.turns.size() - 1;
  while (question.sample.turns[asked].role != Turn::Role::user) --asked;
  std::string& text = question.sample.turns[asked].text;
  std::string media = text.substr(0, leading_media(text));
  const bool any_media = !media.empty();
  if (media.ends_with('\n')) media.pop_back();
  std::string put = prompt_.count("media") > 0 ? "" : media;
  bool behind_no_media = false;
  for (const TextTemplate::Piece& piece : prompt_.pieces()) {
    if (!piece.is_place) {
      put += behind_no_media && piece.text.starts_with('\n') ? piece.text.substr(1) : piece.text;
    } else if (piece.text == "media") {
      put += media;
    } else {
      put += piece.text == "question" ? question.text : options;
    }
    behind_no_media = piece.is_place && piece.text == "media" && !any_media;
  }
  text = std::move(put);
  Turn& last = question.sample.turns.back();
  if (!question.solution.empty()) {
    last.text = question.solution;
  } else {
    last.text = question.correct ? question.replies[*question.correct] : question.accepted.front();
  }
}

}  // namespace winnow
