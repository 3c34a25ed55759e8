#include <boost/algorithm/string/replace.hpp>

#include "report/table.h"
#include "report/table_text.h"

namespace winnow {
namespace {

std::string escaped(std::string text) {
  boost::replace_all(text, "|", "\\|");
  boost::replace_all(text, "\n", " ");
  return text;
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
      const std::string words = escaped(cell.text);
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
