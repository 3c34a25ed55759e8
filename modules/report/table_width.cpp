#include "report/table_width.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/printable.h"
#include "report/table_text.h"

namespace winnow {
namespace {

using detail::width_of;

constexpr std::size_t kGap = 2;
constexpr std::size_t kShortestText = 12;

// As many characters of a UTF-8 text as fit, the last one for what was cut.
std::string cut(const std::string& text, std::size_t width) {
  if (width_of(text) <= width) return text;
  std::size_t characters = 0, end = 0;
  while (end < text.size()) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (begins && ++characters == width) break;
    ++end;
  }
  return text.substr(0, end) + "…";
}

struct ColumnWidth {
  std::size_t width = 0;
  std::size_t shortest = kShortestText;  // what it may be cut to: numbers stay whole
};

std::vector<ColumnWidth> widths_of(const Table& table) {
  const detail::TextTable text = detail::to_text(table, "–");
  std::vector<ColumnWidth> widths(table.columns.size());
  for (std::size_t c = 0; c < widths.size(); ++c) {
    widths[c].width = width_of(table.columns[c].title);
    for (std::size_t r = 0; r < text.rows.size(); ++r) {
      const std::size_t own = width_of(text.rows[r][c].text);
      widths[c].width = std::max(widths[c].width, own);
      if (text.rows[r][c].number) widths[c].shortest = std::max(widths[c].shortest, own);
    }
  }
  for (const detail::ColumnGroup& group : detail::column_groups(table)) {
    std::size_t span = kGap * (group.count - 1);
    for (std::size_t c = group.first; c < group.first + group.count; ++c) span += widths[c].width;
    const std::size_t wanted = width_of(group.title);
    if (wanted > span) widths[group.first + group.count - 1].width += wanted - span;
  }
  return widths;
}

std::size_t total(const std::vector<ColumnWidth>& widths) {
  std::size_t sum = widths.empty() ? 0 : kGap * (widths.size() - 1);
  for (const ColumnWidth& column : widths) sum += column.width;
  return sum;
}

void cut_column(Table& table, std::size_t column, std::size_t width) {
  table.columns[column].title = cut(table.columns[column].title, width);
  for (TableRow& row : table.rows) {
    if (auto* text = std::get_if<TableCell::Text>(&row.cells[column].content)) {
      text->text = cut(text->text, width);
    }
  }
}

}  // namespace

std::optional<std::size_t> terminal_width() {
  if (isatty(STDOUT_FILENO) == 0) return std::nullopt;
  if (const char* columns = std::getenv("COLUMNS")) {
    const long width = std::strtol(columns, nullptr, 10);
    if (width > 0) return static_cast<std::size_t>(width);
  }
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

Table fitted(Table table, std::size_t width) {
  for (TableRow& row : table.rows) {
    for (TableCell& cell : row.cells) {
      if (auto* text = std::get_if<TableCell::Text>(&cell.content)) {
        text->text = printable(text->text);
      }
    }
  }
  const std::vector<TableColumn> titles = table.columns;  // before they are cut
  std::string left_out;
  while (true) {
    std::vector<ColumnWidth> widths = widths_of(table);
    if (total(widths) <= width) break;
    std::size_t over = total(widths) - width;
    while (over > 0) {  // the widest text gives way until it is as wide as the next
      std::size_t widest = widths.size();
      for (std::size_t c = 0; c < widths.size(); ++c) {
        if (widths[c].width <= widths[c].shortest) continue;
        if (widest == widths.size() || widths[c].width > widths[widest].width) widest = c;
      }
      if (widest == widths.size()) break;
      --widths[widest].width;
      --over;
    }
    for (std::size_t c = 0; c < widths.size(); ++c) cut_column(table, c, widths[c].width);
    if (total(widths_of(table)) <= width || table.columns.size() <= 1) break;
    const TableColumn& last = titles[table.columns.size() - 1];
    left_out = (last.group.empty() ? "" : last.group + ": ") + last.title +
               (left_out.empty() ? "" : ", " + left_out);
    table.columns.pop_back();
    for (TableRow& row : table.rows) row.cells.pop_back();
  }
  if (!left_out.empty()) {
    table.notes.push_back("For a wider terminal, or another format: " + left_out + ".");
  }
  return table;
}

std::string to_this_terminal(std::vector<Table> tables) {
  if (const auto width = terminal_width()) {
    for (Table& table : tables) table = fitted(std::move(table), *width);
  }
  return to_terminal(tables, standard_output_is_styled());
}

}  // namespace winnow
