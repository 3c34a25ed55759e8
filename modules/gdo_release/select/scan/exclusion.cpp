#include "gdo_release/select/scan/exclusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/errors.h"
#include "gdo_release/python/line_file.h"
#include "gdo_release/python/text.h"
#include "gdo_release/python/value.h"
#include "gdo_release/text/text.h"

namespace winnow::gdo_release {
namespace {

using Kind = python::Value::Kind;

std::string text_of(const python::Value* value) {
  if (value == nullptr || value->kind == Kind::none) return "";
  return normalize_text(python::str(*value));
}

// The first of two keys that is there.
std::string text_of(python::Value& object, const char* key, const char* other) {
  const python::Value* value = object.find(key);
  return text_of(value != nullptr ? value : object.find(other));
}

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return text;
}

// The pairs of a row: its own question and answer, then those of its turns.
template <class Take>
void each_pair(python::Value& row, Take take) {
  const std::string question = text_of(row.find("question"));
  if (!question.empty()) take(question, text_of(row.find("answer")));
  python::Value* const messages = row.find("messages");
  if (messages == nullptr || messages->kind != Kind::list) return;
  std::string user;
  for (python::Value& message : messages->items) {
    if (message.kind != Kind::dict) continue;
    const std::string role = in_lower_case(text_of(message, "role", "from"));
    const std::string content = text_of(message, "content", "value");
    if (role == "user" || role == "human") {
      user = strip_media_tokens(content);
    } else if ((role == "assistant" || role == "gpt") && !user.empty()) {
      if (!content.empty()) take(user, content);
      user.clear();
    }
  }
}

}  // namespace

std::vector<std::string> exclusion_paths(const std::string& comma_separated) {
  std::vector<std::string> paths;
  for (std::size_t begin = 0; begin <= comma_separated.size();) {
    const std::size_t end = std::min(comma_separated.find(',', begin), comma_separated.size());
    std::string path = normalize_text(comma_separated.substr(begin, end - begin));
    if (!path.empty()) paths.push_back(std::move(path));
    begin = end + 1;
  }
  return paths;
}

Exclusion::Exclusion(const SelectOptions& options)
    : paths_(exclusion_paths(options.exclude_reference_jsonl)),
      use_questions_(options.exclude_mode != ExcludeMode::qa),
      use_pairs_(options.exclude_mode != ExcludeMode::question) {
  for (const std::string& path : paths_) {
    if (std::filesystem::is_regular_file(path)) {
      read(path, options.exclude_reference_max_lines);
    } else {
      missing_files_.push_back(path);
    }
  }
}

void Exclusion::read(const std::string& path, std::int64_t maximum_lines) {
  ++files_loaded_;
  python::LineFile(path).each_line(maximum_lines, [&](const python::LineFile::Line& line) {
    ++rows_seen_;
    const std::string where = fmt::format("{}:{}", path, line.number);
    std::optional<python::Value> row = python::parse_json(line.text());
    if (!row || row->kind != Kind::dict) {
      ++rows_bad_;
      return;
    }
    each_pair(*row, [&](const std::string& question, const std::string& answer) {
      add(question, answer, where);
    });
  });
}

void Exclusion::add(const std::string& question, const std::string& answer,
                    const std::string& where) {
  const bool pair = use_pairs_ && !answer.empty();
  if (((use_questions_ || pair) && python::has_half_surrogate(question)) ||
      (pair && python::has_half_surrogate(answer))) {
    throw DataError(where +
                    ": a question or answer of the exclusion reference holds half a surrogate "
                    "pair, at which the release stops; write the whole pair or leave it out");
  }
  if (use_questions_) questions_.add(key_of(question));
  if (pair) pairs_.add(pair_key(question, answer));
}

std::uint64_t Exclusion::pair_key(std::string_view question, std::string_view answer) {
  scratch_.assign(question).append(1, '\t').append(answer);
  return key_of(scratch_);
}

std::string_view Exclusion::reason(std::string_view question, std::string_view answer) {
  if (use_questions_ && questions_.contains(key_of(question))) return "question";
  if (use_pairs_ && pairs_.contains(pair_key(question, answer))) return "qa";
  return {};
}

}  // namespace winnow::gdo_release
