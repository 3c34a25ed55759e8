#include <boost/json.hpp>
#include <cmath>

#include "report/table.h"
#include "report/table_text.h"

namespace winnow {
namespace {

// JSON has no NaN or infinity.
boost::json::value number(double value) {
  return std::isfinite(value) ? boost::json::value(value) : boost::json::value(nullptr);
}

boost::json::value to_json(const TableCell& cell) {
  if (const auto* text = std::get_if<TableCell::Text>(&cell.content)) {
    return boost::json::value(text->text);
  }
  if (const auto* plain = std::get_if<TableCell::Number>(&cell.content))
    return number(plain->value);
  if (const auto* measured = std::get_if<TableCell::Measured>(&cell.content)) {
    return boost::json::object{{"value", number(measured->interval.value)},
                               {"low", number(measured->interval.low)},
                               {"high", number(measured->interval.high)}};
  }
  return boost::json::object{{"missing", std::get<TableCell::Missing>(cell.content).reason}};
}

}  // namespace

std::string to_json(const std::vector<Table>& tables) {
  boost::json::array list;
  for (const auto& table : tables) {
    detail::to_text(table, "");  // checks the shape
    boost::json::array columns, rows, notes;
    for (const auto& column : table.columns) {
      columns.push_back(boost::json::object{{"group", column.group}, {"title", column.title}});
    }
    for (const auto& row : table.rows) {
      boost::json::array cells;
      for (const auto& cell : row.cells) cells.push_back(to_json(cell));
      rows.push_back(std::move(cells));
    }
    for (const auto& note : table.notes) notes.emplace_back(note);
    list.push_back(boost::json::object{{"title", table.title},
                                       {"columns", std::move(columns)},
                                       {"rows", std::move(rows)},
                                       {"notes", std::move(notes)}});
  }
  return boost::json::serialize(boost::json::object{{"tables", std::move(list)}}) + "\n";
}

}  // namespace winnow
