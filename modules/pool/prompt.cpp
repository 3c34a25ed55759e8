#include "pool/prompt.h"

#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <regex>

#include "core/errors.h"
#include "core/text_template.h"

namespace winnow {
namespace {

// std::regex needs stack for every character of the text.
constexpr std::size_t longest_answer = 8192;

[[noreturn]] void fail(const std::string& problem) {
  throw ConfigError("the judge's prompt: " + problem);
}

TextTemplate system_template(const JudgePrompt& prompt) {
  return {prompt.system, {"question", "answer", "conversation"}, "the judge's prompt: `system`"};
}

TextTemplate user_template(const JudgePrompt& prompt) {
  return {
      prompt.user, {"question", "answer", "conversation", "media"}, "the judge's prompt: `user`"};
}

std::string with_names(const Turn& turn, const std::vector<std::string>& names, std::size_t& next) {
  const std::vector<std::string> pieces = pieces_around_media(turn);
  std::string result = pieces.front();
  for (std::size_t i = 1; i < pieces.size(); ++i, ++next) {
    result += next < names.size() ? "[" + names[next] + "]" : "[medium]";
    result += pieces[i];
  }
  return result;
}

std::map<std::string, std::string> places_of(const Sample& sample) {
  const std::vector<std::string> names = media_names(sample);
  std::map<std::string, std::string> places;
  std::size_t next = 0;
  for (const Turn& turn : sample.turns) {
    const std::string text = with_names(turn, names, next);
    const bool user = turn.role == Turn::Role::user;
    if (user) places["question"] = text;
    if (turn.role == Turn::Role::assistant) places["answer"] = text;
    std::string& whole = places["conversation"];
    whole += (whole.empty() ? "" : "\n") +
             std::string(user                                 ? "User: "
                         : turn.role == Turn::Role::assistant ? "Assistant: "
                                                              : "System: ") +
             text;
  }
  return places;
}

std::optional<double> number_in(const boost::json::value& value) {
  if (value.is_number()) return value.to_number<double>();
  if (!value.is_string()) return std::nullopt;
  const std::string text(value.as_string());
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') return std::nullopt;
  return number;
}

// Of the last JSON object in the text that has the key.
std::optional<double> score_by_key(const std::string& answer, const std::string& key) {
  for (std::size_t open = answer.rfind('{'); open != std::string::npos;
       open = open == 0 ? std::string::npos : answer.rfind('{', open - 1)) {
    boost::json::stream_parser parser;
    boost::system::error_code error;
    parser.write_some(answer.data() + open, answer.size() - open, error);
    if (error || !parser.done()) continue;
    const boost::json::value value = parser.release();
    const boost::json::value* found = value.as_object().if_contains(key);
    if (found != nullptr) return number_in(*found);
  }
  return std::nullopt;
}

std::optional<double> score_by_pattern(const std::string& answer, const std::regex& pattern) {
  std::optional<double> last;
  for (std::sregex_iterator match(answer.begin(), answer.end(), pattern), end; match != end;
       ++match) {
    const std::string text = (*match)[1];
    char* rest = nullptr;
    const double number = std::strtod(text.c_str(), &rest);
    if (!text.empty() && *rest == '\0') last = number;
  }
  return last;
}

}  // namespace

config::Help help(const JudgePrompt&) {
  return {
      {"system", "template of the system's text; empty: none"},
      {"user", "template of the question: {question}, {answer}, {conversation}, {media}"},
      {"score_key", "key of a JSON object in the answer that holds the score"},
      {"score_pattern", "regular expression whose first group is the score, instead of score_key"},
      {"lowest", "lowest score the prompt allows; less is nonsense"},
      {"highest", "highest score the prompt allows; more is nonsense"}};
}

std::vector<std::string> media_names(const Sample& sample) {
  std::vector<std::string> names;
  std::map<std::string, int> counts;
  for (const Media& medium : sample.media) {
    const std::string kind = medium.kind == Media::Kind::image ? "image" : "video";
    names.push_back(kind + " " + std::to_string(++counts[kind]));
  }
  return names;
}

PromptTemplate::PromptTemplate(JudgePrompt prompt) : prompt_(std::move(prompt)) {
  if (prompt_.user.empty()) fail("`user` is empty");
  system_template(prompt_);
  if (user_template(prompt_).count("media") > 1) fail("`user` has {media} twice");
  if (prompt_.score_key.empty() == prompt_.score_pattern.empty()) {
    fail("set either `score_key` or `score_pattern` and leave the other empty");
  }
  if (!(prompt_.lowest < prompt_.highest)) fail("`lowest` must be below `highest`");
  if (prompt_.score_pattern.empty()) return;
  try {
    if (std::regex(prompt_.score_pattern).mark_count() == 0) {
      fail("`score_pattern` has no group (...) around the score");
    }
  } catch (const std::regex_error& error) {
    fail("`score_pattern` = '" + prompt_.score_pattern +
         "' is no regular expression: " + error.what());
  }
}

std::string PromptTemplate::system_text(const Sample& sample) const {
  return prompt_.system.empty() ? "" : system_template(prompt_).fill(places_of(sample));
}

PromptTemplate::UserText PromptTemplate::user_text(const Sample& sample) const {
  const auto places = places_of(sample);
  const TextTemplate pattern = user_template(prompt_);
  UserText result;
  std::string* target = pattern.count("media") > 0 ? &result.before_media : &result.behind_media;
  for (const TextTemplate::Piece& piece : pattern.pieces()) {
    if (piece.is_place && piece.text == "media") {
      target = &result.behind_media;
    } else {
      *target += piece.is_place ? places.at(piece.text) : piece.text;
    }
  }
  return result;
}

PromptTemplate::Reading PromptTemplate::read(const std::string& answer) const {
  // What counts stands at the end.
  const std::string text =
      answer.size() > longest_answer ? answer.substr(answer.size() - longest_answer) : answer;
  const std::optional<double> score =
      prompt_.score_key.empty() ? score_by_pattern(text, std::regex(prompt_.score_pattern))
                                : score_by_key(text, prompt_.score_key);
  if (!score) return {std::nullopt, "the judge's answer has no score"};
  if (!std::isfinite(*score) || *score < prompt_.lowest || *score > prompt_.highest) {
    return {std::nullopt, "the judge's score is out of the prompt's range"};
  }
  return {score, ""};
}

}  // namespace winnow
