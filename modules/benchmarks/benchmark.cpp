#include <algorithm>
#include <boost/json.hpp>
#include <sstream>

#include "benchmarks/evaluator.h"
#include "core/files.h"

namespace winnow {
namespace {

namespace json = boost::json;

Question parse_question(const json::object& row, const std::filesystem::path& folder) {
  const auto text = [&](const char* key) { return std::string(row.at(key).as_string()); };
  Question question;
  question.id = text("id");
  question.subtask = text("subtask");
  question.candidates = json::value_to<std::vector<std::string>>(row.at("candidates"));
  const std::string answer = text("answer");
  const auto found = std::find(question.candidates.begin(), question.candidates.end(), answer);
  if (found == question.candidates.end()) {
    throw std::invalid_argument("answer '" + answer + "' is none of the candidates");
  }
  question.correct = static_cast<std::size_t>(found - question.candidates.begin());
  const bool video = row.contains("video");
  Media media;
  media.kind = video ? Media::Kind::video : Media::Kind::image;
  media.paths = {std::filesystem::absolute(folder / text(video ? "video" : "image"))};
  media.root = std::filesystem::absolute(folder);
  question.sample.id = question.id;
  question.sample.source = "benchmark";
  question.sample.media = {media};
  question.sample.turns = {
      {Turn::Role::user, std::string(kMediaPlaceholder) + "\n" + text("question")},
      {Turn::Role::assistant, row.contains("solution") ? text("solution") : answer}};
  return question;
}

}  // namespace

Benchmark read_benchmark(const std::string& name, const std::filesystem::path& file) {
  Benchmark benchmark{name, {}};
  std::istringstream lines(read_file(file));
  std::string line;
  std::int64_t number = 0;
  while (std::getline(lines, line)) {
    ++number;
    if (line.empty()) continue;
    try {
      Question question = parse_question(json::parse(line).as_object(), file.parent_path());
      question.sample.file = file.string();
      question.sample.line = number;
      benchmark.questions.push_back(std::move(question));
    } catch (const std::exception& error) {
      throw DataError(file.string() + ":" + std::to_string(number) +
                      ": not a benchmark question: " + error.what());
    }
  }
  if (benchmark.questions.empty()) throw DataError(file.string() + ": holds no question");
  return benchmark;
}

}  // namespace winnow
