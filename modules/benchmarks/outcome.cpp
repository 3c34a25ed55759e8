#include "benchmarks/outcome.h"

#include <fmt/format.h>
#include <unicode/unistr.h>

#include <cassert>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"

namespace winnow {
namespace {

namespace json = boost::json;

std::string valid_text(const std::string& text) {
  std::string result;
  icu::UnicodeString::fromUTF8(text).toUTF8String(result);
  return result;
}

std::string quoted(const std::string& text) {
  return json::serialize(json::string(valid_text(text)));
}

std::string kind_of(const Outcome& outcome) {
  for (const std::string_view kind : {kNotAsked, kNotParsed}) {
    if (outcome.failure.starts_with(kind)) return std::string(kind);
  }
  return outcome.failure.empty() ? "" : "other";
}

}  // namespace

bool was_asked(const Outcome& outcome) { return !outcome.failure.starts_with(kNotAsked); }

// Numbers as people write them: Boost's are 1E0.
std::string to_json_line(const Question& question, const Outcome& outcome) {
  return fmt::format(
      "{{\"id\":{},\"subtask\":{},\"score\":{},\"answer\":{},\"parsed\":{},\"failure\":{},"
      "\"tokens\":{},\"seconds\":{:.4f}}}\n",
      quoted(question.id), quoted(question.subtask), outcome.score, quoted(outcome.answer),
      quoted(outcome.parsed), quoted(outcome.failure), outcome.tokens, outcome.seconds);
}

Outcome parse_outcome(const json::object& line) {
  const auto text = [&](const char* key) { return std::string(line.at(key).as_string()); };
  Outcome outcome;
  outcome.score = line.at("score").to_number<double>();
  outcome.answer = text("answer");
  outcome.parsed = text("parsed");
  outcome.failure = text("failure");
  outcome.tokens = line.at("tokens").to_number<std::int64_t>();
  outcome.seconds = line.at("seconds").to_number<double>();
  if (!(outcome.score >= 0.0 && outcome.score <= 1.0)) {
    throw std::invalid_argument(fmt::format("the score {} is not from 0 to 1", outcome.score));
  }
  return outcome;
}

void write_outcomes(const std::filesystem::path& file, const std::vector<Question>& questions,
                    const std::vector<Outcome>& outcomes) {
  assert(questions.size() == outcomes.size());
  std::string lines;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    lines += to_json_line(questions[i], outcomes[i]);
  }
  write_file(file, lines);
}

std::vector<Outcome> read_outcomes(const std::filesystem::path& file,
                                   const std::vector<std::string>& ids) {
  std::vector<Outcome> outcomes;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    const std::string place = fmt::format("{}:{}", file.string(), outcomes.size() + 1);
    if (outcomes.size() == ids.size()) {
      throw DataError(fmt::format("{}: an outcome too many; the benchmark has {} questions", place,
                                  ids.size()));
    }
    std::string id;
    try {
      const json::object object = json::parse(line).as_object();
      id = object.at("id").as_string();
      outcomes.push_back(parse_outcome(object));
    } catch (const std::exception& error) {
      throw DataError(place + ": not the outcome of a question: " + error.what());
    }
    const std::string& expected = ids[outcomes.size() - 1];
    if (id != expected) {
      throw DataError(fmt::format("{}: the outcome of question '{}' where that of '{}' belongs",
                                  place, id, expected));
    }
  }
  if (outcomes.size() != ids.size()) {
    throw DataError(
        fmt::format("{}: {} outcomes of {} questions", file.string(), outcomes.size(), ids.size()));
  }
  return outcomes;
}

std::string digest_of(const std::vector<std::string>& ids, const std::vector<Outcome>& outcomes) {
  assert(ids.size() == outcomes.size());
  Digest digest;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Outcome& outcome = outcomes[i];
    digest.add(valid_text(ids[i])).add(outcome.score).add(valid_text(outcome.answer));
    digest.add(valid_text(outcome.parsed)).add(kind_of(outcome));
    digest.add(static_cast<std::uint64_t>(outcome.tokens));
  }
  return digest.hex();
}

std::vector<std::string> ids_of(const std::vector<Question>& questions) {
  std::vector<std::string> ids;
  for (const Question& question : questions) ids.push_back(question.id);
  return ids;
}

}  // namespace winnow
