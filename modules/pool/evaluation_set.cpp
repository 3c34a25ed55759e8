#include "pool/evaluation_set.h"

#include <boost/json.hpp>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "pool/row_fields.h"
#include "pool/row_json.h"
#include "pool/row_media.h"
#include "pool/row_reader.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

// Media are named as in the rows of a pool.
EvaluationQuestion plain_question(const json::object& row, const RowFields& fields,
                                  const RowMedia& media) {
  EvaluationQuestion question;
  question.text = row.at("question").as_string();
  for (const RowFile& image : fields.images) {
    question.media.push_back(media.make(RowPiece::Kind::image, {image}, {}));
  }
  for (std::size_t i = 0; i < fields.videos.size(); ++i) {
    question.media.push_back(
        media.make(RowPiece::Kind::video, fields.videos[i], fields.timing_of_clip(i)));
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
  RowParser parser;
  const RowMedia media(folder);
  std::vector<EvaluationQuestion> questions;
  std::istringstream lines(content);
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (++number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = file.string() + ":" + std::to_string(number);
    const std::size_t first = questions.size();
    std::string id;
    try {
      row_json::replace_non_finite(line);
      const json::object row = json::parse(line).as_object();
      id = id_of(row, number);
      if (row.contains("question")) {
        questions.push_back(plain_question(row, parser.parse(line), media));
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
