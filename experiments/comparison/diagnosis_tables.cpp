// The secondary tables of a comparison: what the subsets are made of, what the descriptors see, and
// what the shared stages cost.

#include <fmt/format.h>

#include "experiments/comparison/comparison_tables.h"

namespace winnow {
namespace {

const std::vector<std::pair<const char*, const char*>> shares = {{"image", ""},
                                                                 {"video", ""},
                                                                 {"temporal", ""},
                                                                 {"wrong", "Diagnosis"},
                                                                 {"blind", "Diagnosis"},
                                                                 {"verbose", "Diagnosis"},
                                                                 {"repeated", "Diagnosis"}};

}  // namespace

Table composition_table(const ComparisonResults& results) {
  Table table;
  table.title = "Subsets: shares of rows, in percent";
  table.columns = {{"Method"}, {"Rows"}};
  for (const auto& [name, group] : shares) table.columns.push_back({name, group});
  for (const MethodResult& method : results.methods) {
    if (method.role == Role::base) continue;
    TableRow row;
    row.rule_before = method.role == Role::oracle;
    const auto mean = [&](const char* name) {
      double sum = 0;
      for (const MethodRun& run : method.runs) {
        sum += run.composition.at(name).to_number<double>();
      }
      return sum / static_cast<double>(method.runs.size());
    };
    row.cells = {method.label, TableCell::Number{mean("rows"), {0, false, ""}}};
    for (const auto& [name, group] : shares) {
      row.cells.push_back(TableCell::Number{100 * mean(name), {1, false, ""}});
    }
    table.rows.push_back(std::move(row));
  }
  table.notes.emplace_back(
      "Means over seeds, by the rows' weights where a selector gives some. Temporal: videos with a "
      "temporal question. Diagnosis reads the world's "
      "hidden labels, which no method sees: wrong answers, questions that give their answer away, "
      "wordy answers, near-duplicates.");
  return table;
}

Table detection_table(const WorldResult& world) {
  Table table;
  table.title = fmt::format("Descriptors as detectors of wrong answers, world {}", world.seed);
  table.columns = {{"Column"},
                   {"all", "Area under the ROC curve"},
                   {"image", "Area under the ROC curve"},
                   {"video", "Area under the ROC curve"},
                   {"Valid rows"}};
  for (const auto& [name, areas] : world.detection) {
    TableRow row;
    row.cells = {std::string(name)};
    for (const char* part : {"all", "image", "video"}) {
      const boost::json::value& area = areas.at(part);
      TableCell cell = TableCell::Missing{"the column has no values on both kinds of rows"};
      if (!area.is_null()) cell = TableCell::Number{area.to_number<double>(), {2, false, ""}};
      row.cells.push_back(std::move(cell));
    }
    row.cells.push_back(TableCell::Number{areas.at("valid").to_number<double>(), {0, false, ""}});
    table.rows.push_back(std::move(row));
  }
  table.notes.emplace_back(
      "0.5 is chance; above it wrong answers have the higher values. Diagnosis by hidden labels; a "
      "utility's areas are means over the seeds' draws of proxy and anchors.");
  return table;
}

Table shared_cost_table(const ComparisonResults& results) {
  Table table;
  table.title = "Shared by all methods";
  table.columns = {{"Stage"}};
  for (const WorldResult& world : results.worlds) {
    table.columns.push_back({fmt::format("world {}", world.seed), "CPU seconds"});
  }
  for (std::size_t i = 0; i < results.worlds.front().shared_cpu_seconds.size(); ++i) {
    TableRow row;
    row.cells = {results.worlds.front().shared_cpu_seconds[i].first};
    for (const WorldResult& world : results.worlds) {
      row.cells.push_back(TableCell::Number{world.shared_cpu_seconds[i].second, {1, false, ""}});
    }
    table.rows.push_back(std::move(row));
  }
  table.notes.emplace_back(
      "As measured when the stage was computed; a cached stage costs nothing now.");
  return table;
}

}  // namespace winnow
