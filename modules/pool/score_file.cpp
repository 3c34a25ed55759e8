#include "pool/score_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "core/errors.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// A field: a number, nothing, or something that is no number.
struct Field {
  enum class Kind { number, nothing, other };
  Kind kind = Kind::nothing;
  double value = 0.0;
};

Field field_of(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  if (text.starts_with('+')) text.remove_prefix(1);
  Field field{Field::Kind::number, 0.0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), field.value);
  if (error != std::errc() || end != text.data() + text.size()) return {Field::Kind::other, 0.0};
  return std::isfinite(field.value) ? field : Field{};
}

Field field_of(const json::value& value) {
  if (value.is_null()) return {};
  if (value.is_bool()) return {Field::Kind::number, value.as_bool() ? 1.0 : 0.0};
  if (!value.is_number()) return {Field::Kind::other, 0.0};
  const double number = value.to_number<double>();
  return std::isnan(number) ? Field{} : Field{Field::Kind::number, number};
}

// Hands on (key, field) of each row, and its id.
using TakeRow = std::function<void(std::int64_t line, const std::string& id,
                                   const std::vector<std::pair<std::string, Field>>& fields)>;

[[noreturn]] void fail(const fs::path& file, std::int64_t line, const std::string& problem) {
  throw DataError(fmt::format("{}:{}: {}", file.string(), line, problem));
}

std::string id_of(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  return json::serialize(value);
}

// Python writes NaN, Infinity and -Infinity, which are no JSON: no value.
std::string without_python_words(std::string line) {
  if (line.find("NaN") == std::string::npos && line.find("Infinity") == std::string::npos) {
    return line;
  }
  std::string plain;
  bool in_text = false;
  for (std::size_t i = 0; i < line.size();) {
    std::size_t word = 0;
    if (!in_text) {
      for (const std::string_view known : {"NaN", "Infinity", "-Infinity"}) {
        if (line.compare(i, known.size(), known) == 0) word = known.size();
      }
    }
    if (word > 0) {
      plain += "null";
      i += word;
      continue;
    }
    if (in_text && line[i] == '\\' && i + 1 < line.size()) plain += line[i++];
    if (line[i] == '"') in_text = !in_text;
    plain += line[i++];
  }
  return plain;
}

void read_json_lines(std::istream& lines, const fs::path& file, const std::string& id_key,
                     const TakeRow& take) {
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (number == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    boost::json::error_code error;
    const json::value value = json::parse(without_python_words(std::move(line)), error);
    if (error || !value.is_object()) fail(file, number, "expected a JSON object");
    const json::value* id = value.as_object().if_contains(id_key);
    if (id == nullptr || (!id->is_string() && !id->is_number())) {
      fail(file, number, fmt::format("there is no `{}`, the sample's id", id_key));
    }
    std::vector<std::pair<std::string, Field>> fields;
    for (const auto& [key, entry] : value.as_object()) {
      if (key != id_key) fields.emplace_back(key, field_of(entry));
    }
    take(number, id_of(*id), fields);
  }
}

// The fields of one record, which may span lines inside of quotes; nothing at the end.
std::optional<std::vector<std::string>> next_record(std::istream& lines, char separator,
                                                    std::int64_t& number) {
  std::string line;
  std::vector<std::string> fields(1);
  bool quoted = false, any = false;
  while (std::getline(lines, line)) {
    ++number;
    any = true;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += line[++i];
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == separator && !quoted) {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    if (!quoted) return fields;
    fields.back() += '\n';
  }
  if (!any) return std::nullopt;
  return fields;
}

void read_separated(std::istream& lines, const fs::path& file, char separator,
                    const std::string& id_key, const TakeRow& take) {
  std::int64_t number = 0;
  auto head = next_record(lines, separator, number);
  if (!head) return;
  if (head->front().starts_with(kByteOrderMark)) head->front().erase(0, kByteOrderMark.size());
  const auto id_place = std::find(head->begin(), head->end(), id_key);
  if (id_place == head->end()) {
    fail(file, 1,
         fmt::format("the head line names no column `{}`, the sample's id; it has {}", id_key,
                     fmt::join(*head, ", ")));
  }
  const auto id_index = static_cast<std::size_t>(id_place - head->begin());
  while (const auto record = next_record(lines, separator, number)) {
    if (record->size() == 1 && record->front().empty()) continue;
    if (record->size() != head->size()) {
      fail(file, number,
           fmt::format("{} fields where the head line has {}", record->size(), head->size()));
    }
    std::vector<std::pair<std::string, Field>> fields;
    for (std::size_t i = 0; i < record->size(); ++i) {
      if (i != id_index) fields.emplace_back((*head)[i], field_of((*record)[i]));
    }
    take(number, (*record)[id_index], fields);
  }
}

bool is_column_name(const std::string& name) {
  return !name.empty() && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
         });
}

}  // namespace

std::vector<ScoreFormat>& score_formats() {
  static std::vector<ScoreFormat> all;
  return all;
}

ScoreFile read_scores(const fs::path& file, const RowTable& rows, const std::string& id_key) {
  std::ifstream lines(file, std::ios::binary);
  if (!lines || fs::is_directory(file)) {
    throw IoError(file.string() + ": cannot be read as a file of scores");
  }
  const std::string ending = file.extension().string();
  const bool is_separated = ending == ".csv" || ending == ".tsv";
  if (!is_separated) {
    std::string first;
    std::getline(lines, first);
    for (const ScoreFormat& format : score_formats()) {
      if (format.recognises(first)) return format.read(file, rows);
    }
    lines.clear();
    lines.seekg(0);
  }
  ScoreFile result;
  std::map<std::string, Column> columns;
  std::set<std::string> no_numbers;
  std::vector<std::int64_t> given(rows.size(), 0);  // the line; 0: none
  const auto take = [&](std::int64_t line, const std::string& id, const auto& fields) {
    ++result.rows;
    const std::optional<std::size_t> row = rows.find(id);
    if (!row) {
      if (result.without_sample++ == 0) result.example = id;
    } else if (given[*row] != 0) {
      fail(file, line,
           fmt::format("the sample '{}' has scores in line {} already", id, given[*row]));
    } else {
      given[*row] = line;
    }
    for (const auto& [key, field] : fields) {
      if (field.kind == Field::Kind::other) no_numbers.insert(key);
      if (field.kind != Field::Kind::number || !row) continue;
      auto column = columns.find(key);
      if (column == columns.end()) {
        column = columns.emplace(key, Column::missing(key, rows.size())).first;
      }
      column->second.set(*row, field.value);
    }
  };
  if (is_separated) {
    read_separated(lines, file, ending == ".csv" ? ',' : '\t', id_key, take);
  } else {
    read_json_lines(lines, file, id_key, take);
  }
  if (result.rows == 0) throw DataError(file.string() + ": there is no row in this file of scores");
  result.without_scores = std::count(given.begin(), given.end(), 0);
  for (auto& [name, column] : columns) {
    if (no_numbers.contains(name)) continue;  // sometimes a number, sometimes not
    if (!is_column_name(name)) {
      throw DataError(
          fmt::format("{}: the column '{}' must be named with letters, digits, '_', '-' and '.'",
                      file.string(), name));
    }
    result.columns.push_back(std::move(column));
  }
  result.ignored.assign(no_numbers.begin(), no_numbers.end());
  if (result.columns.empty() && result.without_sample < result.rows) {
    throw DataError(fmt::format("{}: no column of numbers beside `{}`", file.string(), id_key));
  }
  return result;
}

void check_scores(const ScoreFile& scores, const fs::path& file, std::size_t rows,
                  double maximum_missing_share) {
  if (scores.without_sample == scores.rows) {
    throw DataError(fmt::format(
        "{}: none of its {} rows is a sample of the pool; the first id is '{}'. Were these scores "
        "computed of another pool?",
        file.string(), scores.rows, scores.example));
  }
  const auto share = static_cast<double>(scores.without_scores) / static_cast<double>(rows);
  if (share > maximum_missing_share) {
    throw DataError(fmt::format(
        "{}: {} of {} samples of the pool have no scores in it ({:.1f} %), more than "
        "maximum_missing_share = {} allows",
        file.string(), scores.without_scores, rows, 100 * share, maximum_missing_share));
  }
}

}  // namespace winnow
