// The budget ledger: what a method's score cost in all.

#include <utility>

#include "experiments/comparison/comparison_tables.h"

namespace winnow {

Table budget_table(const ComparisonNumbers& numbers) {
  const NumberFormat seconds{1, false, ""}, tera{3, false, ""};
  Table table;
  table.title = "Budget: score and all it cost";
  table.columns = {{"Method"},
                   {"Average"},
                   {"selection", "CPU seconds"},
                   {"training", "CPU seconds"},
                   {"total", "CPU seconds"},
                   {"selection", "Tera-operations of models"},
                   {"training", "Tera-operations of models"},
                   {"total", "Tera-operations of models"}};
  for (const MethodNumbers& method : numbers.methods) {
    if (method.role == Role::base || method.role == Role::oracle) continue;
    const auto operations = [&](const std::optional<double>& value) -> TableCell {
      if (!value) return TableCell::Missing{"descriptors do not count operations"};
      return TableCell::Number{*value * 1e-12, tera};
    };
    TableCell total = operations(std::nullopt);
    if (method.selection_operations && method.training_operations) {
      total = operations(*method.selection_operations + *method.training_operations);
    }
    table.rows.push_back(
        {{method.label, TableCell::Number{method.average.mean, {1, false, ""}},
          TableCell::Number{method.selection_cpu_seconds, seconds},
          TableCell::Number{method.training_cpu_seconds, seconds},
          TableCell::Number{method.selection_cpu_seconds + method.training_cpu_seconds, seconds},
          operations(method.selection_operations), operations(method.training_operations),
          std::move(total)}});
  }
  table.notes = {
      "Selection: warm-up of the proxy, measuring the whole pool and the choice, as if the method "
      "were alone. CPU seconds as measured; operations are an estimate: 2 for each parameter and "
      "token of a forward pass, twice as many for a backward one."};
  return table;
}

}  // namespace winnow
