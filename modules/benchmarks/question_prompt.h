#pragma once
// How questions are put to a model: templates that make the last turns of their conversations.

#include <string>

#include "benchmarks/question.h"
#include "core/text_template.h"

namespace winnow {

class QuestionPrompt {
 public:
  // `prompt` has the places {media} (the media that the question does not place itself; where there
  // are none a line break behind it goes, too), {question} and {options}: `option` once for each
  // candidate, with {letter} and {candidate}. `reply` has the latter two places and says how a
  // model chooses a candidate. `path` is theirs in the config, for messages. Throws ConfigError for
  // a template with other places or without a question.
  QuestionPrompt(const std::string& prompt, const std::string& option, const std::string& reply,
                 const std::string& path);

  // Sets the replies, the user's last turn and the right reply at the end, unless the question has
  // a solution to end with.
  void apply(Question& question) const;

 private:
  TextTemplate prompt_, option_, reply_;
};

}  // namespace winnow
