#include "benchmarks/right_answers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/algorithm/string.hpp>
#include <cctype>
#include <stdexcept>

#include "benchmarks/question.h"

namespace winnow {
namespace {

namespace json = boost::json;
using boost::algorithm::to_lower_copy;
using boost::algorithm::trim_copy;

[[noreturn]] void refuse(const std::string& reason) { throw std::invalid_argument(reason); }

// For messages: the first of what may be long.
std::string shown(const json::value& value) {
  constexpr std::size_t kMost = 100;
  const std::string text = json::serialize(value);
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

std::string candidate_text(const json::value& value, const std::string& where) {
  const auto text = text_of(value);
  if (!text || trim_copy(*text).empty()) {
    refuse("`" + where + "` is " + shown(value) + "; an option is text or a number");
  }
  return *text;
}

// {"A": "a dog", "B": "a cat"}, or those keys of a row, up to the first that is missing.
std::vector<std::string> lettered(const json::object& object) {
  std::vector<std::string> candidates;
  bool ended = false;
  for (std::size_t i = 0; i < kMostCandidates; ++i) {
    const std::string letter = letter_of(i);
    const json::value* value = object.if_contains(letter);
    if (value == nullptr || value->is_null()) {
      ended = true;
      continue;
    }
    if (ended) refuse("there is an option " + letter + " but none before it");
    candidates.push_back(candidate_text(*value, letter));
  }
  return candidates;
}

// The text behind "A. ", "A) ", "(A) " or "A: "; nothing where it does not begin so.
std::optional<std::string> behind_letter(const std::string& text, std::size_t candidate) {
  const std::string letter = letter_of(candidate);
  for (const std::string& mark : {letter + ".", letter + ")", "(" + letter + ")", letter + ":"}) {
    if (!text.starts_with(mark)) continue;
    const std::string rest = text.substr(mark.size());
    if (rest.empty() || std::isspace(static_cast<unsigned char>(rest.front())) == 0) continue;
    const std::string bare = trim_copy(rest);
    if (!bare.empty()) return bare;
  }
  return std::nullopt;
}

// The candidate that a letter in any usual dress names.
std::optional<std::size_t> by_letter(const std::string& text,
                                     const std::vector<std::string>& candidates) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::string letter = letter_of(i);
    for (const std::string& form : {letter, to_lower_copy(letter), "(" + letter + ")", letter + ".",
                                    letter + ")", letter + ":"}) {
      if (text == form) return i;
    }
    if (behind_letter(text, i) == candidates[i]) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> by_text(const std::string& text,
                                   const std::vector<std::string>& candidates) {
  for (const bool exactly : {true, false}) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (exactly ? text == candidates[i]
                  : to_lower_copy(text) == to_lower_copy(trim_copy(candidates[i])))
        return i;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> by_position(const std::string& text, std::int64_t first,
                                       const std::vector<std::string>& candidates) {
  if (text.empty() || text.size() > 2 ||
      !std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); })) {
    return std::nullopt;
  }
  const std::int64_t place = std::stoll(text) - first;
  if (place < 0 || place >= static_cast<std::int64_t>(candidates.size())) return std::nullopt;
  return static_cast<std::size_t>(place);
}

std::size_t candidate_of(const json::value& answer, const std::vector<std::string>& candidates,
                         AnswerForm form) {
  const auto written = text_of(answer);
  if (!written) refuse("the answer is " + shown(answer) + "; expected text or a number");
  const std::string text = trim_copy(*written);
  std::optional<std::size_t> as_text, as_letter, as_index;
  if (form == AnswerForm::automatic || form == AnswerForm::text)
    as_text = by_text(text, candidates);
  if (form == AnswerForm::automatic || form == AnswerForm::letter) {
    as_letter = by_letter(text, candidates);
  }
  // A number in quotes may count from 0 or from 1; one without counts from 0, as in Python.
  if (form == AnswerForm::index || (form == AnswerForm::automatic && answer.is_number())) {
    as_index = by_position(text, 0, candidates);
  }
  if (form == AnswerForm::number) as_index = by_position(text, 1, candidates);
  const auto found = as_text ? as_text : as_letter ? as_letter : as_index;
  if (!found) {
    refuse(fmt::format(
        "the answer {} is none of the options '{}'{}", shown(answer), fmt::join(candidates, "', '"),
        form == AnswerForm::automatic
            ? ", no letter and no index from 0 of one; another way to read it can be "
              "said by the option answer_form"
            : ""));
  }
  for (const auto& other : {as_letter, as_index}) {
    if (!other || *other == *found) continue;
    refuse(
        fmt::format("the answer {} can be the option '{}' or the option '{}'; say by the option "
                    "answer_form which is meant",
                    shown(answer), candidates[*found], candidates[*other]));
  }
  return *found;
}

// The answers of a key: one, or a list of them, of which each may be an object with an `answer`.
std::vector<json::value> answers_in(const json::value& value) {
  if (!value.is_array()) return {value};
  std::vector<json::value> answers;
  for (const json::value& entry : value.as_array()) {
    const json::value* own = entry.is_object() ? entry.as_object().if_contains("answer") : &entry;
    if (own == nullptr) refuse("an answer is " + shown(entry) + ", without an `answer`");
    answers.push_back(*own);
  }
  return answers;
}

}  // namespace

const std::vector<std::string>& candidate_keys() {
  static const std::vector<std::string> keys = {"options", "candidates", "choices"};
  return keys;
}

const std::vector<std::string>& answer_keys() {
  static const std::vector<std::string> keys = {
      "answer", "answers", "label", "ground_truth", "correct_answer", "answer_index", "answer_idx"};
  return keys;
}

std::optional<std::string> text_of(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_int64()) return std::to_string(value.as_int64());
  if (value.is_uint64()) return std::to_string(value.as_uint64());
  if (value.is_double()) return fmt::format("{}", value.as_double());
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  return std::nullopt;
}

const json::value* first_of(const json::object& row, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const json::value* value = row.if_contains(key);
    if (value != nullptr && !value->is_null()) return value;
  }
  return nullptr;
}

std::vector<std::string> candidates_of(const json::object& row) {
  std::vector<std::string> candidates;
  const json::value* listed = first_of(row, candidate_keys());
  if (listed == nullptr) {
    candidates = lettered(row);
  } else if (listed->is_object()) {
    candidates = lettered(listed->as_object());
    if (candidates.size() != listed->as_object().size()) {
      refuse("the options are " + shown(*listed) + "; expected the letters A, B, ...");
    }
  } else if (listed->is_array()) {
    for (const json::value& entry : listed->as_array()) {
      candidates.push_back(candidate_text(entry, "options"));
    }
  } else if (!listed->is_string() || !trim_copy(std::string(listed->as_string())).empty()) {
    refuse("the options are " + shown(*listed) +
           "; expected a list of texts or an object of the letters A, B, ...");
  }
  if (candidates.size() > kMostCandidates) {
    refuse(fmt::format("there are {} options; more than {} have no letters", candidates.size(),
                       kMostCandidates));
  }
  std::vector<std::string> bare;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].find(kMediaPlaceholder) != std::string::npos) {
      refuse(std::string("an option holds the reserved word ") + kMediaPlaceholder);
    }
    if (const auto text = behind_letter(candidates[i], i)) bare.push_back(*text);
  }
  return bare.size() == candidates.size() ? bare : candidates;
}

RightAnswers right_answers_of(const json::object& row, const std::vector<std::string>& candidates,
                              AnswerForm form, const std::string& said) {
  std::vector<json::value> answers;
  if (const json::value* written = first_of(row, answer_keys())) {
    answers = answers_in(*written);
  } else if (!said.empty()) {
    answers = {json::value(said)};
  }
  RightAnswers right;
  for (const json::value& answer : answers) {
    std::string text;
    if (!candidates.empty()) {
      right.correct = candidate_of(answer, candidates, form);
      text = candidates[*right.correct];
    } else if (const auto written = text_of(answer)) {
      text = trim_copy(*written);
    }
    if (text.empty()) {
      refuse("the answer is " + shown(answer) + "; expected text or a number");
    }
    if (std::find(right.accepted.begin(), right.accepted.end(), text) == right.accepted.end()) {
      right.accepted.push_back(text);
    }
  }
  if (right.accepted.empty()) {
    std::vector<std::string> keys;
    for (const auto& entry : row) keys.emplace_back(entry.key());
    refuse(fmt::format("there is no right answer; it may stand under {}. The row has: {}",
                       fmt::join(answer_keys(), ", "), fmt::join(keys, ", ")));
  }
  if (right.accepted.size() > 1) right.correct.reset();
  return right;
}

}  // namespace winnow
