#include <algorithm>
#include <string_view>

#include "core/printable.h"
#include "report/table.h"
#include "report/table_text.h"

namespace winnow {
namespace {

// What a renderer would take for markup, HTML or a line's end.
std::string escaped(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::string result;
  for (const char c : printable(text)) {
    if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '&') {
      result += "&amp;";
    } else {
      if (std::string_view("|[]`*\\").find(c) != std::string_view::npos) result += '\\';
      result += c;
    }
  }
  return result;
}

std::string render(const Table& table) {
  const auto text = detail::to_text(table, "–");
  std::string result;
  if (!table.title.empty()) result += "### " + escaped(table.title) + "\n\n";
  std::string rule;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const auto& column = table.columns[c];
    bool number = false;
    for (const auto& row : text.rows) number = number || row[c].number;
    // Markdown has no column groups: the group goes into each heading.
    const std::string heading =
        column.group.empty() ? column.title : column.group + ": " + column.title;
    result += "| " + escaped(heading) + " ";
    rule += number ? "| ---: " : "| --- ";
  }
  result += "|\n" + rule + "|\n";
  for (const auto& row : text.rows) {
    for (const auto& cell : row) {
      // Intervals have brackets, and nothing to escape.
      const std::string words = cell.number ? cell.text : escaped(cell.text);
      result += "| " + (cell.bold ? "**" + words + "**" : words) + " ";
    }
    result += "|\n";
  }
  for (const auto& note : text.notes) result += "\n" + escaped(note) + "\n";
  return result;
}

}  // namespace

std::string to_markdown(const std::vector<Table>& tables) {
  std::string result;
  for (const auto& table : tables) result += (result.empty() ? "" : "\n") + render(table);
  return result;
}

}  // namespace winnow
