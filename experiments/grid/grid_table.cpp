#include "experiments/grid/grid_table.h"

#include <fmt/format.h>

#include <cmath>

namespace winnow {

std::optional<double> mean_wrong_share(const MethodResult& method) {
  double sum = 0.0;
  for (const MethodRun& run : method.runs) {
    const auto* share = run.composition.if_contains("wrong");
    if (share == nullptr) return std::nullopt;
    sum += share->to_number<double>() / static_cast<double>(method.runs.size());
  }
  return sum;
}

Table grid_table(const std::string& title, const std::vector<GridEntry>& entries) {
  const NumberFormat points{1, false, ""}, signed_points{1, true, ""}, count{0, false, ""};
  const TableCell base_has_none = TableCell::Missing{"the model before training"};
  Table table;
  table.title = title;
  table.columns = {{"Setting"},
                   {"Method"},
                   {"Samples"},
                   {"average", "Accuracy"},
                   {"spread", "Accuracy"},
                   {"Gain over base"},
                   {"Difference to reference"},
                   {"Wrong answers, %"},
                   {"selection", "CPU seconds"},
                   {"training", "CPU seconds"},
                   {"total", "CPU seconds"}};
  for (const GridEntry& entry : entries) {
    bool first = true;
    for (std::size_t m = 0; m < entry.numbers.methods.size(); ++m) {
      const MethodNumbers& method = entry.numbers.methods[m];
      const bool is_base = method.role == Role::base;
      TableRow row;
      row.rule_before = first && &entry != &entries.front();
      row.cells = {first ? entry.label : std::string(), method.label,
                   TableCell::Number{static_cast<double>(method.rows), count},
                   TableCell::Number{method.average.mean, points}};
      first = false;
      row.cells.push_back(std::isfinite(method.average.spread)
                              ? TableCell(TableCell::Number{method.average.spread, points})
                              : TableCell(TableCell::Missing{"one seed has no spread"}));
      if (is_base || !entry.numbers.has(Role::base)) {
        row.cells.push_back(base_has_none);
      } else {
        row.cells.push_back(TableCell::Number{
            method.average.mean - entry.numbers.with(Role::base).average.mean, signed_points});
      }
      row.cells.push_back(
          method.difference
              ? TableCell(TableCell::Measured{method.difference->interval, signed_points})
              : TableCell(TableCell::Missing{"the reference itself"}));
      const std::optional<double>& wrong = entry.wrong_shares[m];
      row.cells.push_back(wrong ? TableCell(TableCell::Number{100 * *wrong, points})
                                : base_has_none);
      if (is_base) {
        row.cells.resize(row.cells.size() + 3, base_has_none);
      } else {
        const double selection = method.selection_cpu_seconds,
                     training = method.training_cpu_seconds;
        row.cells.push_back(TableCell::Number{selection, points});
        row.cells.push_back(TableCell::Number{training, points});
        row.cells.push_back(TableCell::Number{selection + training, points});
      }
      table.rows.push_back(std::move(row));
    }
  }
  table.notes.push_back(fmt::format(
      "Difference to reference: {}, paired, with its interval by bootstrap over questions and "
      "seeds. Spread: standard deviation over seeds. Wrong answers by the world's hidden labels.",
      entries.front().numbers.with(Role::reference).label));
  table.notes.emplace_back(
      "Selection: warm-up of the proxy, measuring the whole pool and the choice, as if the method "
      "were alone.");
  return table;
}

}  // namespace winnow
