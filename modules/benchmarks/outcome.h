#pragma once
// What came of one question, and files of that: JSON lines in the benchmark's order,
//   {"id", "subtask", "score", "answer", "parsed", "failure", "tokens", "seconds"}

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/question.h"

namespace winnow {

struct Outcome {
  double score = 0.0;       // from 0 (wrong) to 1 (right)
  std::string answer;       // what the model said, or the reply it found likeliest
  std::string parsed;       // what counted of it
  std::string failure;      // why nothing could be marked; empty where something was. See below
  std::int64_t tokens = 0;  // of a written answer, or of all replies whose likelihood was asked
  double seconds = 0.0;     // of this question on its machine; in no digest
};

// A failure begins with one of these. Not asked: a medium cannot be decoded, or the question does
// not fit into the model. Not parsed: the model's answer is none.
inline constexpr std::string_view kNotAsked = "not asked: ";
inline constexpr std::string_view kNotParsed = "not parsed: ";
bool was_asked(const Outcome& outcome);

// One line with its line break. Bytes of an answer that are no UTF-8 are written as U+FFFD.
std::string to_json_line(const Question& question, const Outcome& outcome);

// The inverse, but for the question. Throws std::exception for an object that is no outcome.
Outcome parse_outcome(const boost::json::object& line);

// One outcome for each question, in their order. The file appears whole or not at all.
void write_outcomes(const std::filesystem::path& file, const std::vector<Question>& questions,
                    const std::vector<Outcome>& outcomes);

// The inverse. Throws IoError, and DataError naming file and line for a line that is none, another
// number of lines than of `ids`, and an id that is not the one in its place.
std::vector<Outcome> read_outcomes(const std::filesystem::path& file,
                                   const std::vector<std::string>& ids);

// Of everything that does not depend on machine and place: not of seconds, nor of the words of a
// failure. Equal for outcomes that were written and read back.
std::string digest_of(const std::vector<std::string>& ids, const std::vector<Outcome>& outcomes);

std::vector<std::string> ids_of(const std::vector<Question>& questions);

}  // namespace winnow
