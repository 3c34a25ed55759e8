#include <fmt/format.h>

#include <string_view>

#include "core/printable.h"
#include "report/table.h"
#include "report/table_text.h"

namespace winnow {
namespace {

// Text of a cell, safe to open: spreadsheets take what begins so for a formula, and run it, unless
// an apostrophe comes before (OWASP, CSV injection).
std::string as_text(const std::string& given) {
  const std::string text = printable(given);
  const bool formula =
      !text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos;
  return formula ? "'" + text : text;
}

std::string quoted(const std::string& given) {
  const std::string text = as_text(given);
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + "\"";
}

std::string render(const Table& table) {
  detail::to_text(table, "");  // checks the shape
  std::vector<bool> measured(table.columns.size(), false);
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      if (std::holds_alternative<TableCell::Measured>(row.cells[c].content)) measured[c] = true;
    }
  }
  std::string line, result;
  const auto add = [&](const std::string& field) { line += (line.empty() ? "" : ",") + field; };
  const auto end_line = [&] {
    result += line + "\r\n";
    line.clear();
  };
  // The title is a column, so that several tables in one file stay apart.
  add("table");
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const auto& column = table.columns[c];
    const std::string name =
        column.group.empty() ? column.title : column.group + ": " + column.title;
    add(quoted(name));
    if (measured[c]) {
      add(quoted(name + " low"));
      add(quoted(name + " high"));
    }
  }
  end_line();
  for (const auto& row : table.rows) {
    line = table.title.empty() ? "\"\"" : quoted(table.title);
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      const auto& content = row.cells[c].content;
      const double* value = row.cells[c].value();
      if (const auto* words = std::get_if<TableCell::Text>(&content)) {
        add(quoted(words->text));
      } else {
        add(value == nullptr ? "" : fmt::format("{}", *value));
      }
      if (!measured[c]) continue;
      if (const auto* cell = std::get_if<TableCell::Measured>(&content)) {
        add(fmt::format("{}", cell->interval.low));
        add(fmt::format("{}", cell->interval.high));
      } else {
        line += ",,";
      }
    }
    end_line();
  }
  return result;
}

}  // namespace

std::string to_csv(const std::vector<Table>& tables) {
  std::string result;
  for (const auto& table : tables) result += (result.empty() ? "" : "\r\n") + render(table);
  return result;
}

}  // namespace winnow
