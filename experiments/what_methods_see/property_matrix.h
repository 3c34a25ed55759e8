#pragma once
// What methods take and columns tell, property by property, from a comparison's results. A property
// is a hidden label of the pool.

#include <optional>
#include <string>
#include <vector>

#include "experiments/comparison/comparison_results.h"
#include "report/heat_map.h"
#include "report/table.h"

namespace winnow {

struct TakenShare {
  double share = 0.0;  // of the subset, 0 to 1; mean over seeds
  // Over the pool's share: 1 is a draw that sees nothing. Mean over seeds and standard deviation,
  // NaN with one seed; nothing where the pool has no such row.
  std::optional<double> ratio, spread;
};

struct PropertyRow {
  std::string property;
  double pool = 0.0;              // its share of the pool, 0 to 1; mean over worlds
  std::vector<TakenShare> taken;  // by method
  // By column: area under the ROC curve, rows with the property being the positives; mean over
  // worlds, nothing where it is not defined in one of them.
  std::vector<std::optional<double>> areas;
};

struct PropertyMatrix {
  std::vector<std::string> methods;  // labels of those that take rows
  std::vector<std::string> columns;  // of descriptors and utilities
  std::vector<PropertyRow> rows;     // by property
};

// Requires a comparison by all labels (Extent), of a pool that has some.
PropertyMatrix property_matrix(const ComparisonResults& results);

// Shares over the pool's, their spread over seeds, areas.
std::vector<Table> matrix_tables(const PropertyMatrix& matrix, const std::string& title);

HeatMap ratio_map(const PropertyMatrix& matrix);
HeatMap area_map(const PropertyMatrix& matrix);

}  // namespace winnow
