#pragma once
// What a judge is asked of a sample, and how its answer is read.

#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "pool/sample.h"

namespace winnow {

// Templates have named places: {question} and {answer} are the last turns of either side,
// {conversation} is all of it, {media} where the pictures come (in front of all text without it).
// "{{" and "}}" are braces. What stands in a place is not read again.
struct JudgePrompt {
  std::string system;
  std::string user;
  std::string score_key;
  std::string score_pattern;
  double lowest = 1.0;
  double highest = 5.0;
};
BOOST_DESCRIBE_STRUCT(JudgePrompt, (), (system, user, score_key, score_pattern, lowest, highest))
config::Help help(const JudgePrompt&);

// A prompt that was checked. Immutable; used from several threads.
class PromptTemplate {
 public:
  // Throws ConfigError for an empty `user`, an unknown place, a brace left open, {media} in the
  // system's text, an expression that is none or has no group, no way or two ways to find the
  // score, an empty range.
  explicit PromptTemplate(JudgePrompt prompt);

  const JudgePrompt& prompt() const { return prompt_; }

  std::string system_text(const Sample& sample) const;
  // The user's text before the media and behind them. A placeholder in the sample's text becomes
  // "[image 1]" or "[video 2]".
  struct UserText {
    std::string before_media, behind_media;
  };
  UserText user_text(const Sample& sample) const;

  // A score in the range, or the reason there is none. Of several scores the last counts, as a
  // judge may reason first. `score_key`: of a JSON object somewhere in the answer.
  struct Reading {
    std::optional<double> score;
    std::string reason;
  };
  Reading read(const std::string& answer) const;

 private:
  JudgePrompt prompt_;
};

// "image 1", "video 2": the name of each medium of a sample.
std::vector<std::string> media_names(const Sample& sample);

}  // namespace winnow
