#pragma once
// The options of a question and which of them is right, in the ways that files say it.

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace winnow {

// What an answer is that could be several things: the number 2 among the options 1, 2, 3.
// `automatic` takes an option's text, else its letter, else its index, and refuses what two of them
// read differently. `index` counts from 0, `number` from 1.
enum class AnswerForm { automatic, text, letter, index, number };
BOOST_DESCRIBE_ENUM(AnswerForm, automatic, text, letter, index, number)

// Options as `options`, `candidates` or `choices` (a list, or an object of letters) or as the keys
// A, B, ... of the row; none where there are no such keys, or they are null or empty. Letters that
// stand before all of them ("A. a dog", "(B) a cat") are taken off. Throws std::invalid_argument
// for anything else.
std::vector<std::string> candidates_of(const boost::json::object& row);

struct RightAnswers {
  std::optional<std::size_t> correct;  // of the candidates, where exactly one is right
  std::vector<std::string> accepted;   // texts, at least one
};

// By `answer`, `answers`, `label`, `ground_truth`, `correct_answer`, `answer_index` or
// `answer_idx`: text or a number, or a list of these; with candidates each has to be one of them.
// `said`: what the row's own conversation ends with; it counts where there is no such key. Throws
// std::invalid_argument saying what was found and what would be right.
RightAnswers right_answers_of(const boost::json::object& row,
                              const std::vector<std::string>& candidates, AnswerForm form,
                              const std::string& said);

// All keys that these read, without the letters.
const std::vector<std::string>& candidate_keys();
const std::vector<std::string>& answer_keys();

// Text, or a number or truth value as text; nothing for anything else.
std::optional<std::string> text_of(const boost::json::value& value);
// The first of these keys that is there and not null; null without one.
const boost::json::value* first_of(const boost::json::object& row,
                                   const std::vector<std::string>& keys);

}  // namespace winnow
