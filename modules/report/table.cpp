#include "report/table.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "report/table_text.h"

namespace winnow {

const double* TableCell::value() const {
  if (const auto* number = std::get_if<Number>(&content)) return &number->value;
  if (const auto* measured = std::get_if<Measured>(&content)) return &measured->interval.value;
  return nullptr;
}

bool standard_output_is_styled() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

namespace detail {

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string format_number(double value, const NumberFormat& format) {
  std::string text = format.sign ? fmt::format("{:+.{}f}", value, format.decimals)
                                 : fmt::format("{:.{}f}", value, format.decimals);
  // What rounds to zero has no sign: "+0.0" or "-0.0" would claim more than the digits show.
  if (text.find_first_of("123456789") == std::string::npos &&
      (text.front() == '+' || text.front() == '-')) {
    text.erase(0, 1);
  }
  return text + format.suffix;
}

TextTable to_text(const Table& table, const std::string& dash) {
  TextTable result;
  result.notes = table.notes;
  std::vector<std::string> reasons;
  for (const auto& row : table.rows) {
    if (row.cells.size() != table.columns.size()) {
      throw std::logic_error(fmt::format("table '{}': a row has {} cells for {} columns",
                                         table.title, row.cells.size(), table.columns.size()));
    }
    auto& texts = result.rows.emplace_back();
    for (const TableCell& cell : row.cells) {
      TextCell text;
      if (const auto* words = std::get_if<TableCell::Text>(&cell.content)) {
        text.text = words->text;
      } else if (const auto* number = std::get_if<TableCell::Number>(&cell.content)) {
        text = {format_number(number->value, number->format), false, true};
      } else if (const auto* measured = std::get_if<TableCell::Measured>(&cell.content)) {
        NumberFormat bound = measured->format;
        bound.suffix.clear();
        text = {
            fmt::format("{} [{}, {}]", format_number(measured->interval.value, measured->format),
                        format_number(measured->interval.low, bound),
                        format_number(measured->interval.high, bound)),
            false, true};
      } else {
        const auto& reason = std::get<TableCell::Missing>(cell.content).reason;
        text = {dash, false, true};
        if (!reason.empty()) {
          auto found = std::find(reasons.begin(), reasons.end(), reason);
          if (found == reasons.end()) found = reasons.insert(reasons.end(), reason);
          text.text +=
              fmt::format(" ({})", static_cast<char>('a' + (found - reasons.begin()) % 26));
        }
      }
      texts.push_back(text);
    }
  }
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    result.notes.push_back(fmt::format("({}) {}", static_cast<char>('a' + i % 26), reasons[i]));
  }

  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].best == Best::none) continue;
    const double sign = table.columns[c].best == Best::highest ? 1.0 : -1.0;
    std::optional<double> best;
    for (const auto& row : table.rows) {
      const double* value = row.cells[c].value();
      if (row.takes_part && value != nullptr)
        best = std::max(best.value_or(sign * *value), sign * *value);
    }
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      const double* value = table.rows[r].cells[c].value();
      result.rows[r][c].bold =
          table.rows[r].takes_part && value != nullptr && sign * *value == *best;
    }
  }
  return result;
}

std::vector<ColumnGroup> column_groups(const Table& table) {
  std::vector<ColumnGroup> groups;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const auto& title = table.columns[c].group;
    if (groups.empty() || groups.back().title != title || title.empty()) {
      groups.push_back({title, c, 0});
    }
    ++groups.back().count;
  }
  return groups;
}

bool has_groups(const Table& table) {
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [](const auto& column) { return !column.group.empty(); });
}

}  // namespace detail
}  // namespace winnow
