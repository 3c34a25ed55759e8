// The secondary tables of a comparison: what the subsets are made of, what the descriptors see, and
// what the shared stages cost.

#include <fmt/format.h>

#include "experiments/comparison/comparison_tables.h"

namespace winnow {
namespace {

const std::vector<std::string> kShares = {"image", "video", "temporal"};

// Names of the labels that a composition counts.
std::vector<std::string> labels_of(const ComparisonResults& results) {
  std::vector<std::string> names;
  for (const MethodResult& method : results.methods) {
    if (method.role == Role::base) continue;
    const boost::json::value* labels = method.runs.front().composition.if_contains("labels");
    if (labels == nullptr) continue;
    for (const auto& [name, share] : labels->as_object()) names.emplace_back(name);
    break;
  }
  return names;
}

}  // namespace

Table composition_table(const ComparisonResults& results) {
  Table table;
  table.title = "Subsets: shares of rows, in percent";
  table.columns = {{"Method"}, {"Rows"}};
  for (const std::string& name : kShares) table.columns.push_back({name});
  const std::vector<std::string> labels = labels_of(results);
  for (const std::string& name : labels) table.columns.push_back({name, "Hidden labels"});
  for (const MethodResult& method : results.methods) {
    if (method.role == Role::base) continue;
    TableRow row;
    row.rule_before = method.role == Role::oracle;
    const auto mean = [&](const auto& value_of) {
      double sum = 0;
      for (const MethodRun& run : method.runs) {
        sum += value_of(run.composition).template to_number<double>();
      }
      return sum / static_cast<double>(method.runs.size());
    };
    using Object = boost::json::object;
    const auto of = [](const std::string& name) {
      return [name](const Object& facts) { return facts.at(name); };
    };
    row.cells = {method.label, TableCell::Number{mean(of("rows")), {0, false, ""}}};
    for (const std::string& name : kShares) {
      row.cells.push_back(TableCell::Number{100 * mean(of(name)), {1, false, ""}});
    }
    for (const std::string& name : labels) {
      const double share =
          mean([&](const Object& facts) { return facts.at("labels").as_object().at(name); });
      row.cells.push_back(TableCell::Number{100 * share, {1, false, ""}});
    }
    table.rows.push_back(std::move(row));
  }
  table.notes.emplace_back(
      "Means over seeds, by the rows' weights where a selector gives some. Temporal: videos with a "
      "temporal question." +
      std::string(labels.empty() ? "" : " Hidden labels are seen by no method."));
  return table;
}

Table detection_table(const WorldResult& world) {
  Table table;
  table.title = fmt::format("Descriptors as detectors of wrong answers, world_seed {}", world.seed);
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
    table.columns.push_back({fmt::format("world_seed {}", world.seed), "CPU seconds"});
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
