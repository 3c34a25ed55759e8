#include "pool/evaluation_set.h"

#include <boost/json.hpp>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "pool/row_reader.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

std::vector<fs::path> paths_of(const json::value& value, const fs::path& folder) {
  std::vector<fs::path> paths;
  const auto add = [&](const json::value& path) {
    paths.push_back((folder / std::string(path.as_string())).lexically_normal());
  };
  if (const json::array* list = value.if_array()) {
    for (const json::value& path : *list) add(path);
  } else {
    add(value);
  }
  return paths;
}

EvaluationQuestion plain_question(const json::object& row, const fs::path& folder) {
  EvaluationQuestion question;
  question.text = row.at("question").as_string();
  for (const char* key : {"image", "images"}) {
    const json::value* value = row.if_contains(key);
    if (value == nullptr || value->is_null()) continue;
    for (const fs::path& path : paths_of(*value, folder)) {
      question.media.push_back({Media::Kind::image, {path}});
    }
  }
  if (const json::value* value = row.if_contains("video"); value != nullptr && !value->is_null()) {
    const std::vector<fs::path> paths = paths_of(*value, folder);
    const bool container = value->is_string();
    question.media.push_back({container ? Media::Kind::video : Media::Kind::frames, paths});
  }
  return question;
}

std::string id_of(const json::object& row, std::int64_t line) {
  const json::value* id = row.if_contains("id");
  if (id != nullptr && id->is_string() && !id->as_string().empty()) {
    return std::string(id->as_string());
  }
  if (id != nullptr && id->is_number()) return json::serialize(*id);
  return "line " + std::to_string(line);
}

}  // namespace

std::vector<EvaluationQuestion> read_evaluation_set(const fs::path& file) {
  const std::string content = read_file(file);
  const fs::path folder = fs::absolute(file).parent_path();
  PoolOptions options;
  options.check_media = false;
  RowReader conversations(file, folder, options);
  std::vector<EvaluationQuestion> questions;
  std::istringstream lines(content);
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = file.string() + ":" + std::to_string(number);
    const std::size_t first = questions.size();
    std::string id;
    try {
      const json::object row = json::parse(line).as_object();
      id = id_of(row, number);
      if (row.contains("question")) {
        questions.push_back(plain_question(row, folder));
      } else {
        const auto read = conversations.read(line, number);
        if (const auto* bad = std::get_if<BadRow>(&read)) throw std::invalid_argument(bad->reason);
        const Sample& sample = std::get<Sample>(read);
        for (const Turn& turn : sample.turns) {
          if (turn.role != Turn::Role::user) continue;
          questions.push_back({"", "", turn.text, sample.media});
        }
      }
    } catch (const std::exception& error) {
      throw DataError(where + ": not a question of an evaluation set: " + error.what());
    }
    for (std::size_t i = first; i < questions.size(); ++i) {
      questions[i].set = file.stem().string();
      questions[i].id = id;
    }
  }
  if (questions.empty()) throw DataError(file.string() + ": an evaluation set without a question");
  return questions;
}

}  // namespace winnow
