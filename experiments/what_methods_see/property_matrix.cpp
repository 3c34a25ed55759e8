#include "experiments/what_methods_see/property_matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace winnow {
namespace {

namespace json = boost::json;

// Ratios from here on have the map's deepest colour.
constexpr double kDeepestRatio = 4.0;

double share_of(const json::object& composition, const std::string& label) {
  return composition.at("labels").at(label).to_number<double>();
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double deviation(const std::vector<double>& values) {
  if (values.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const double middle = mean(values);
  double squares = 0.0;
  for (const double value : values) squares += (value - middle) * (value - middle);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

TakenShare taken_by(const MethodResult& method, const ComparisonResults& results,
                    const std::string& label) {
  std::vector<double> shares, ratios;
  for (std::size_t r = 0; r < method.runs.size(); ++r) {
    const double share = share_of(method.runs[r].composition, label);
    const double pool = share_of(results.worlds[results.replicates[r].world].pool, label);
    shares.push_back(share);
    if (pool > 0) ratios.push_back(share / pool);
  }
  TakenShare taken;
  taken.share = mean(shares);
  if (ratios.size() == shares.size()) {
    taken.ratio = mean(ratios);
    taken.spread = deviation(ratios);
  }
  return taken;
}

std::optional<double> area_of(const ComparisonResults& results, const std::string& label,
                              const std::string& column) {
  std::vector<double> areas;
  for (const WorldResult& world : results.worlds) {
    const json::value& area = world.label_areas.at(label).at(column).at("all");
    if (area.is_null()) return std::nullopt;
    areas.push_back(area.to_number<double>());
  }
  return mean(areas);
}

TableCell number(const std::optional<double>& value, const NumberFormat& format,
                 const char* reason) {
  if (!value || std::isnan(*value)) return TableCell::Missing{reason};
  return TableCell::Number{*value, format};
}

template <class CellOf>
Table table_of(const PropertyMatrix& matrix, const std::vector<std::string>& columns,
               const std::string& group, const CellOf& cell_of) {
  Table table;
  table.columns = {{"Property"}, {"Pool, %"}};
  for (const std::string& name : columns) table.columns.push_back({name, group});
  for (const PropertyRow& property : matrix.rows) {
    TableRow row;
    row.cells = {property.property, TableCell::Number{100 * property.pool, {1, false, ""}}};
    for (std::size_t i = 0; i < columns.size(); ++i) row.cells.push_back(cell_of(property, i));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

PropertyMatrix property_matrix(const ComparisonResults& results) {
  PropertyMatrix matrix;
  std::vector<const MethodResult*> methods;
  for (const MethodResult& method : results.methods) {
    if (method.role == Role::base) continue;
    methods.push_back(&method);
    matrix.methods.push_back(method.label);
  }
  const WorldResult& first = results.worlds.front();
  if (!first.label_areas.empty()) {
    for (const auto& [column, area] : first.label_areas.begin()->value().as_object()) {
      matrix.columns.emplace_back(column);
    }
  }
  for (const auto& [name, unused] : first.pool.at("labels").as_object()) {
    PropertyRow row;
    row.property = name;
    for (const WorldResult& world : results.worlds) {
      row.pool += share_of(world.pool, row.property) / static_cast<double>(results.worlds.size());
    }
    for (const MethodResult* method : methods) {
      row.taken.push_back(taken_by(*method, results, row.property));
    }
    for (const std::string& column : matrix.columns) {
      row.areas.push_back(area_of(results, row.property, column));
    }
    matrix.rows.push_back(std::move(row));
  }
  return matrix;
}

std::vector<Table> matrix_tables(const PropertyMatrix& matrix, const std::string& title) {
  const char* const no_rows = "no row of the pool has the property";
  Table ratios = table_of(matrix, matrix.methods, "Share in the subset over the pool's",
                          [&](const PropertyRow& row, std::size_t i) {
                            return number(row.taken[i].ratio, {2, false, ""}, no_rows);
                          });
  ratios.title = title;
  ratios.notes.emplace_back(
      "Means over seeds, by the rows' weights. 1 is a draw that does not see the property, 0 takes "
      "none of its rows. Hidden labels are seen by no method but the oracle.");
  Table spreads = table_of(matrix, matrix.methods, "Standard deviation of that over seeds",
                           [&](const PropertyRow& row, std::size_t i) {
                             return number(row.taken[i].spread, {2, false, ""},
                                           row.taken[i].ratio ? "one seed" : no_rows);
                           });
  spreads.title = "Spread over seeds";
  std::vector<Table> tables = {std::move(ratios), std::move(spreads)};
  if (matrix.columns.empty()) return tables;
  Table areas = table_of(matrix, matrix.columns, "Area under the ROC curve",
                         [&](const PropertyRow& row, std::size_t i) {
                           return number(row.areas[i], {2, false, ""},
                                         "the column has no values on both kinds of rows");
                         });
  areas.title = "What each column tells of each property";
  areas.notes.emplace_back(
      "0.5 is blindness; above it rows with the property have the higher values. Means over "
      "worlds, a utility's over the seeds' draws of proxy and anchors, too.");
  tables.push_back(std::move(areas));
  return tables;
}

HeatMap ratio_map(const PropertyMatrix& matrix) {
  HeatMap map;
  map.title = "What each method takes of each property";
  map.note = "Share in the subset over the pool's: 1 as the pool, blue less, red more";
  map.columns = matrix.methods;
  map.scale = HeatMap::Scale::logarithmic;
  map.middle = 1.0;
  map.reach = kDeepestRatio;
  for (const PropertyRow& property : matrix.rows) {
    HeatMap::Row row{property.property, {}};
    for (const TakenShare& taken : property.taken) row.values.push_back(taken.ratio);
    map.rows.push_back(std::move(row));
  }
  return map;
}

HeatMap area_map(const PropertyMatrix& matrix) {
  HeatMap map;
  map.title = "What each column tells of each property";
  map.note = "Area under the ROC curve: 0.5 nothing, red high where the property is, blue low";
  map.columns = matrix.columns;
  map.middle = map.reach = 0.5;
  for (const PropertyRow& property : matrix.rows) {
    map.rows.push_back({property.property, property.areas});
  }
  return map;
}

}  // namespace winnow
