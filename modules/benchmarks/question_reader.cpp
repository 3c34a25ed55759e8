#include "benchmarks/question_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string.hpp>
#include <map>
#include <stdexcept>

#include "core/errors.h"
#include "pool/row_reader.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const std::vector<std::string> kIdKeys = {"id", "question_id", "qid", "pid", "uid", "index"};
const std::vector<std::string> kQuestionKeys = {"question", "text", "query", "problem"};
const std::vector<std::string> kSubtaskKeys = {"subtask", "sub_task", "task_type",
                                               "task",    "category", "question_type"};
// Other names of the keys that a pool's rows have media under.
const std::vector<std::pair<std::string, std::vector<std::string>>> kMediaKeys = {
    {"image", {"image_path", "image_file", "image_name", "imagename", "img", "img_path"}},
    {"video", {"video_path", "video_file", "video_name"}}};

[[noreturn]] void refuse(const std::string& reason) { throw std::invalid_argument(reason); }

std::string text_under(const json::object& row, const std::vector<std::string>& keys) {
  const json::value* value = first_of(row, keys);
  return value == nullptr ? "" : text_of(*value).value_or("");
}

// Several are one text: a question that belongs to two is neither's.
std::string subtask_of(const json::object& row, const std::string& key) {
  const json::value* value = first_of(row, key.empty() ? kSubtaskKeys : std::vector{key});
  if (value == nullptr) return "";
  if (!value->is_array()) return text_of(*value).value_or("");
  std::vector<std::string> names;
  for (const json::value& name : value->as_array()) names.push_back(text_of(name).value_or(""));
  return fmt::format("{}", fmt::join(names, ", "));
}

// The turns of a row's conversation, null without one.
const json::array* conversation_of(const json::object& row) {
  const json::value* turns = first_of(row, {"messages", "conversations"});
  return turns == nullptr ? nullptr : turns->if_array();
}

std::string lower_text(const json::value* value) {
  return value == nullptr ? "" : boost::algorithm::to_lower_copy(text_of(*value).value_or(""));
}

// What the conversation ends with where it ends with an answer.
std::string said_at_the_end(const json::array* turns) {
  if (turns == nullptr || turns->empty() || !turns->back().is_object()) return "";
  const json::object& last = turns->back().as_object();
  const std::string role = lower_text(first_of(last, {"role", "from"}));
  if (role != "assistant" && role != "gpt" && role != "model") return "";
  const json::value* content = first_of(last, {"content", "value"});
  if (content == nullptr) return "";
  if (!content->is_array()) return text_of(*content).value_or("");
  std::string text;
  for (const json::value& part : content->as_array()) {
    text += part.is_object() ? text_under(part.as_object(), {"text"}) : text_of(part).value_or("");
  }
  return text;
}

bool has_media_ending(std::string text) {
  boost::algorithm::to_lower(text);
  constexpr std::array kEndings = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif",
                                   ".mp4", ".mkv", ".avi",  ".webm", ".mov"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](const char* ending) { return text.ends_with(ending); });
}

// A question whose picture nobody sees would be asked blindly, in silence.
void refuse_unread_media(const json::object& row) {
  for (const auto& [key, value] : row) {
    const json::value* first = &value;
    if (value.is_array() && !value.as_array().empty()) first = &value.as_array().front();
    if (!first->is_string() || !has_media_ending(std::string(first->as_string()))) continue;
    refuse(
        fmt::format("`{}` looks like a medium and is not read; name it image, images, video or "
                    "videos",
                    std::string(key)));
  }
}

class Reader {
 public:
  Reader(const fs::path& file, const QuestionReaderOptions& options)
      : root_(fs::absolute(options.media_root.empty() ? fs::absolute(file).parent_path()
                                                      : options.media_root)),
        options_(options),
        rows_(file, root_, unchecked()) {}

  Question read(JsonRow& row) {
    if (!row.problem.empty()) refuse(row.problem);
    json::object& fields = row.object;
    Question question;
    question.id = text_under(fields, kIdKeys);
    question.subtask = subtask_of(fields, options_.subtask_key);
    question.split = text_under(fields, {"split"});
    question.candidates = candidates_of(fields);
    const json::array* turns = conversation_of(fields);
    const std::string said = said_at_the_end(turns);
    RightAnswers right = right_answers_of(fields, question.candidates, options_.answer_form, said);
    question.correct = right.correct;
    question.accepted = std::move(right.accepted);
    question.replies = question.candidates;
    question.solution = text_under(fields, {"solution"});
    if (question.solution.empty()) question.solution = said;

    json::array conversation;
    if (turns != nullptr) {
      conversation = *turns;
    } else {
      std::string asked = text_under(fields, kQuestionKeys);
      if (asked.empty()) {
        refuse(fmt::format("there is no question; it may stand under {}, messages or conversations",
                           fmt::join(kQuestionKeys, ", ")));
      }
      const std::string hint = text_under(fields, {"hint"});
      if (!hint.empty()) asked = hint + "\n" + asked;
      conversation = {json::object{{"role", "user"}, {"content", asked}}};
    }
    if (said.empty()) {
      const std::string& reply =
          question.solution.empty() ? question.accepted.front() : question.solution;
      conversation.push_back(json::object{{"role", "assistant"}, {"content", reply}});
    }
    read_sample(fields, std::move(conversation), row.line, question);
    return question;
  }

 private:
  static PoolOptions unchecked() {
    PoolOptions options;
    options.check_media = false;
    return options;
  }

  // As a pool would read the conversation with the row's media.
  void read_sample(json::object& fields, json::array conversation, std::int64_t line,
                   Question& question) {
    for (const auto& [key, others] : kMediaKeys) {
      if (first_of(fields, {key, key + "s"}) != nullptr) continue;
      if (const json::value* other = first_of(fields, others)) fields[key] = json::value(*other);
    }
    for (const auto* keys : {&kIdKeys, &kQuestionKeys, &candidate_keys(), &answer_keys()}) {
      for (const std::string& key : *keys) fields.erase(key);
    }
    fields.erase("conversations");
    fields["messages"] = std::move(conversation);
    std::string text = json::serialize(fields);
    auto read = rows_.read(text, line);
    if (const auto* bad = std::get_if<BadRow>(&read)) refuse(bad->reason);
    question.sample = std::get<Sample>(std::move(read));
    if (question.sample.media.empty()) refuse_unread_media(fields);
    question.sample.source = "benchmark";
    for (Media& medium : question.sample.media) medium.root = root_;
    question.text = question.sample.question().substr(leading_media(question.sample.question()));
  }

  fs::path root_;
  const QuestionReaderOptions& options_;
  RowReader rows_;
};

// Every id once: rows that share theirs, or have none, are told apart by their lines.
void make_ids_unique(std::vector<Question>& questions, const fs::path& file) {
  std::map<std::string, int> rows;
  for (const Question& question : questions) ++rows[question.id];
  for (Question& question : questions) {
    if (question.id.empty()) {
      question.id = fmt::format("{}:{}", file.filename().string(), question.sample.line);
    } else if (rows[question.id] > 1) {
      question.id += fmt::format(":{}", question.sample.line);
    }
    question.sample.id = question.id;
  }
  std::map<std::string, const Question*> seen;
  for (const Question& question : questions) {
    const auto [other, is_new] = seen.emplace(question.id, &question);
    if (is_new) continue;
    throw DataError(fmt::format("{}: the id '{}' is that of line {}, too; ids of questions differ",
                                question.place(), question.id, other->second->sample.line));
  }
}

}  // namespace

std::vector<Question> read_questions(const fs::path& file, const QuestionReaderOptions& options) {
  Reader reader(file, options);
  std::vector<Question> questions;
  std::string first_problem;
  std::vector<std::int64_t> other_lines;
  for (JsonRow& row : read_json_rows(file, options.format)) {
    try {
      questions.push_back(reader.read(row));
    } catch (const std::invalid_argument& error) {
      if (first_problem.empty()) {
        first_problem = fmt::format("{}:{}: not a benchmark question: {}", file.string(), row.line,
                                    error.what());
      } else {
        other_lines.push_back(row.line);
      }
    }
  }
  if (!first_problem.empty()) {
    constexpr std::size_t kShown = 10;
    const std::size_t count = other_lines.size();
    other_lines.resize(std::min(count, kShown));
    if (count > 0) {
      first_problem += fmt::format(" ({} more such rows: line {}{})", count,
                                   fmt::join(other_lines, ", "), count > kShown ? ", ..." : "");
    }
    throw DataError(first_problem);
  }
  if (questions.empty()) throw DataError(file.string() + ": holds no question");
  make_ids_unique(questions, file);
  return questions;
}

}  // namespace winnow
