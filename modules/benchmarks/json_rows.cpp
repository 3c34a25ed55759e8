#include "benchmarks/json_rows.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace {

namespace json = boost::json;

constexpr std::string_view kBlank = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Hands every character outside of strings to visit(place), until it returns false.
template <class Visit>
void scan(std::string_view text, std::size_t from, const Visit& visit) {
  bool inside = false;
  for (std::size_t i = from; i < text.size(); ++i) {
    if (inside) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        inside = false;
      }
      continue;
    }
    if (!visit(i)) return;
    inside = text[i] == '"';
  }
}

std::string without_nan(std::string_view text) {
  constexpr std::array<std::string_view, 3> kWords = {"NaN", "-Infinity", "Infinity"};
  std::string result;
  std::size_t taken = 0;  // characters of the text that are in the result
  scan(text, 0, [&](std::size_t i) {
    for (const std::string_view word : kWords) {
      if (i < taken || text.substr(i, word.size()) != word) continue;
      result += text.substr(taken, i - taken);
      result += "null";
      taken = i + word.size();
    }
    return true;
  });
  return result += text.substr(taken);
}

JsonRow row_of(std::string_view text, std::int64_t line) {
  JsonRow row;
  row.line = line;
  boost::system::error_code error;
  json::value value = json::parse(without_nan(text), error);
  if (error) {
    row.problem = "this is not JSON: " + error.message();
  } else if (!value.is_object()) {
    row.problem = "this is no JSON object";
  } else {
    row.object = std::move(value.as_object());
  }
  return row;
}

std::vector<JsonRow> lines_of(std::string_view content) {
  std::vector<JsonRow> rows;
  std::int64_t number = 0;
  while (!content.empty()) {
    ++number;
    const std::string_view line = content.substr(0, content.find('\n'));
    content.remove_prefix(std::min(content.size(), line.size() + 1));
    if (line.find_first_not_of(kBlank) != std::string_view::npos) {
      rows.push_back(row_of(line, number));
    }
  }
  return rows;
}

// `file` is for messages; `content` begins with the bracket, maybe after blanks.
std::vector<JsonRow> elements_of(std::string_view content, const std::string& file) {
  std::vector<JsonRow> rows;
  std::int64_t line = 1;
  std::size_t counted = 0;  // characters whose line breaks are in `line`
  const auto line_at = [&](std::size_t place) {
    line += std::count(content.begin() + static_cast<std::ptrdiff_t>(counted),
                       content.begin() + static_cast<std::ptrdiff_t>(place), '\n');
    counted = place;
    return line;
  };
  const std::size_t open = content.find_first_not_of(kBlank);
  int depth = 0;
  std::size_t begin = open + 1, end = std::string_view::npos;
  const auto take = [&](std::size_t until) {
    const std::size_t first = content.find_first_not_of(kBlank, begin);
    if (first < until) rows.push_back(row_of(content.substr(first, until - first), line_at(first)));
    begin = until + 1;
  };
  scan(content, open, [&](std::size_t i) {
    const char c = content[i];
    if (c == '[' || c == '{') ++depth;
    if (c == ',' && depth == 1) take(i);
    if ((c == ']' || c == '}') && --depth == 0) {
      take(i);
      end = i;
    }
    return depth > 0;
  });
  if (end == std::string_view::npos) {
    throw DataError(file + ":" + std::to_string(line_at(open)) +
                    ": the array that begins here has no end");
  }
  const std::size_t rest = content.find_first_not_of(kBlank, end + 1);
  if (rest != std::string_view::npos) {
    throw DataError(file + ":" + std::to_string(line_at(rest)) +
                    ": something follows the array; the file may hold one array and no more");
  }
  return rows;
}

}  // namespace

std::vector<JsonRow> read_json_rows(const std::filesystem::path& file, JsonRowsFormat format) {
  const std::string bytes = read_file(file);
  std::string_view content = bytes;
  if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
  const std::size_t first = content.find_first_not_of(kBlank);
  const bool is_array = first != std::string_view::npos && content[first] == '[';
  if (format == JsonRowsFormat::json_array && !is_array) {
    throw DataError(file.string() + ": does not begin with '[' as a JSON array does");
  }
  if (format == JsonRowsFormat::jsonl || !is_array) return lines_of(content);
  return elements_of(content, file.string());
}

}  // namespace winnow
