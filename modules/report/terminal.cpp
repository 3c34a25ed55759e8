#include <algorithm>

#include "core/printable.h"
#include "report/table.h"
#include "report/table_text.h"

namespace winnow {
namespace {

using detail::width_of;

std::string repeat(const char* piece, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += piece;
  return result;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return right ? space + text : text + space;
}

std::string centred(const std::string& text, std::size_t width) {
  const std::size_t space = width - std::min(width, width_of(text));
  return std::string(space / 2, ' ') + text + std::string(space - space / 2, ' ');
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

// Labels come from configs, reasons from data.
Table printable_table(Table table) {
  table.title = printable(table.title);
  for (TableColumn& column : table.columns) {
    column.title = printable(column.title);
    column.group = printable(column.group);
  }
  for (TableRow& row : table.rows) {
    for (TableCell& cell : row.cells) {
      if (auto* words = std::get_if<TableCell::Text>(&cell.content)) {
        words->text = printable(words->text);
      } else if (auto* missing = std::get_if<TableCell::Missing>(&cell.content)) {
        missing->reason = printable(missing->reason);
      }
    }
  }
  for (std::string& note : table.notes) note = printable_lines(note);
  return table;
}

std::string render(const Table& given, bool styled) {
  const Table table = printable_table(given);
  constexpr std::size_t gap = 2;
  const auto text = detail::to_text(table, "–");
  const std::size_t columns = table.columns.size();
  std::vector<std::size_t> width(columns);
  std::vector<bool> right(columns, false);
  for (std::size_t c = 0; c < columns; ++c) {
    width[c] = width_of(table.columns[c].title);
    for (const auto& row : text.rows) {
      width[c] = std::max(width[c], width_of(row[c].text));
      right[c] = right[c] || row[c].number;
    }
  }
  const auto groups = detail::column_groups(table);
  const auto span = [&](const detail::ColumnGroup& group) {
    std::size_t total = gap * (group.count - 1);
    for (std::size_t c = group.first; c < group.first + group.count; ++c) total += width[c];
    return total;
  };
  for (const auto& group : groups) {  // a heading may be wider than its columns
    const std::size_t wanted = width_of(group.title);
    if (wanted > span(group)) width[group.first + group.count - 1] += wanted - span(group);
  }
  std::size_t total = gap * (columns - std::min<std::size_t>(columns, 1));
  for (const auto w : width) total += w;

  const std::string space(gap, ' ');
  const auto bold = [&](const std::string& words) {
    return styled ? "\033[1m" + words + "\033[0m" : words;
  };
  std::string result;
  if (!table.title.empty()) result += bold(table.title) + "\n";
  result += repeat("━", total) + "\n";
  if (detail::has_groups(table)) {
    std::string names, rules;
    for (const auto& group : groups) {
      const std::string before = group.first == 0 ? "" : space;
      names += before + centred(group.title, span(group));
      rules +=
          before + (group.title.empty() ? std::string(span(group), ' ') : repeat("─", span(group)));
    }
    result += trimmed(names) + trimmed(rules);
  }
  std::string header;
  for (std::size_t c = 0; c < columns; ++c) {
    header += (c == 0 ? "" : space) + padded(table.columns[c].title, width[c], right[c]);
  }
  result += trimmed(header) + repeat("─", total) + "\n";
  for (std::size_t r = 0; r < text.rows.size(); ++r) {
    if (table.rows[r].rule_before && r > 0) result += repeat("─", total) + "\n";
    std::string line;
    for (std::size_t c = 0; c < columns; ++c) {
      const auto& cell = text.rows[r][c];
      const std::string words = padded(cell.text, width[c], right[c]);
      line += (c == 0 ? "" : space) + (cell.bold ? bold(words) : words);
    }
    result += trimmed(line);
  }
  result += repeat("━", total) + "\n";
  for (const auto& note : text.notes) result += note + "\n";
  return result;
}

}  // namespace

std::string to_terminal(const std::vector<Table>& tables, bool styled) {
  std::string result;
  for (const auto& table : tables) result += (result.empty() ? "" : "\n") + render(table, styled);
  return result;
}

}  // namespace winnow
