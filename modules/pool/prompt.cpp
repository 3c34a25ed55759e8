#include "pool/prompt.h"

#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <regex>

#include "core/errors.h"

namespace winnow {
namespace {

// std::regex needs stack for every character of the text.
constexpr std::size_t longest_answer = 8192;

[[noreturn]] void fail(const std::string& problem) {
  throw ConfigError("the judge's prompt: " + problem);
}

// Calls text(piece) and place(name) in order of the template.
template <class Text, class Place>
void walk(const std::string& pattern, const Text& text, const Place& place) {
  std::string piece;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c != '{' && c != '}') {
      piece += c;
      continue;
    }
    if (i + 1 < pattern.size() && pattern[i + 1] == c) {
      piece += c;
      ++i;
      continue;
    }
    const std::size_t end = pattern.find('}', i);
    if (c == '}' || end == std::string::npos) {
      fail("a single '" + std::string(1, c) + "'; write it twice to mean the sign itself");
    }
    text(piece);
    piece.clear();
    place(pattern.substr(i + 1, end - i - 1));
    i = end;
  }
  text(piece);
}

void check_places(const std::string& pattern, const std::vector<std::string>& known,
                  const std::string& where) {
  int media = 0;
  walk(
      pattern, [](const std::string&) {},
      [&](const std::string& name) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
          fail("`" + where + "` has no place '{" + name + "}'." + suggestion(name, known));
        }
        if (name == "media" && ++media > 1) fail("`" + where + "` has {media} twice");
      });
}

std::string fill(const std::string& pattern, const std::map<std::string, std::string>& places) {
  std::string result;
  walk(
      pattern, [&](const std::string& text) { result += text; },
      [&](const std::string& name) { result += places.at(name); });
  return result;
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
  check_places(prompt_.system, {"question", "answer", "conversation"}, "system");
  check_places(prompt_.user, {"question", "answer", "conversation", "media"}, "user");
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
  return prompt_.system.empty() ? "" : fill(prompt_.system, places_of(sample));
}

PromptTemplate::UserText PromptTemplate::user_text(const Sample& sample) const {
  const auto places = places_of(sample);
  UserText result;
  std::string* target = &result.behind_media;
  bool has_place = false;
  walk(
      prompt_.user, [](const std::string&) {},
      [&](const std::string& name) { has_place = has_place || name == "media"; });
  if (has_place) target = &result.before_media;
  walk(
      prompt_.user, [&](const std::string& text) { *target += text; },
      [&](const std::string& name) {
        if (name == "media") {
          target = &result.behind_media;
        } else {
          *target += places.at(name);
        }
      });
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
