#include "experiments/program/table_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "core/errors.h"
#include "experiments/program/opened_pool.h"
#include "experiments/program/written_rows.h"
#include "selectors/manifest.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kDataFolder = "data";

// What the sources gave, and of how many rows each column has a number.
json::array account_of(const std::vector<ColumnSource>& sources, const SampleTable& table) {
  json::array all;
  for (const ColumnSource& source : sources) {
    json::object columns;
    for (const std::string& name : source.columns) {
      const Column& column = table.column(name);
      std::int64_t valid = 0;
      for (std::size_t row = 0; row < table.size(); ++row) valid += column.valid(row) ? 1 : 0;
      columns[name] = valid;
    }
    all.push_back(json::object{{"from", source.place.string()},
                               {"rows", source.rows},
                               {"rows_without_sample", source.without_sample},
                               {"samples_without_scores", source.without_scores},
                               {"values", columns}});
  }
  return all;
}

std::string type_of(const config::Value& table) {
  const config::Value* type = table.child("type");
  return type != nullptr && type->is_string() ? type->string() : "";
}

}  // namespace

config::Help help(const SelectOptions& options) {
  config::Help all = help(static_cast<const ColumnOptions&>(options));
  all.push_back({"output", "the folder that is made"});
  all.push_back({"seed", "of the selection's draws, and of a generated pool", config::at_least(0)});
  all.push_back({"decode", "open the media of the rows taken; one that cannot be is not written"});
  all.push_back({"maximum_failed_share",
                 "share of the rows taken that may turn out not to be writable",
                 config::between(0, 1)});
  return all;
}

TableSelection::TableSelection(const config::Value& config, const config::Value& selector)
    : options_(
          config::bind<SelectOptions>(config, "", with_pool_tables({"selector", "export", "run"}))),
      pool_config_(config.at("pool")),
      selector_config_(selector),
      export_config_(config.at("export")),
      source_(pools().create(pool_config_, "pool")),
      selector_(selectors().create(selector_config_, "selector")) {
  exporters().create(export_config_, "export");
  check_column_places(options_);
  if (const auto known = known_columns(options_)) check_columns(*known);
  if (selector_->reads_hidden_labels() && !source_->is_generated() && !source_->labels({}) &&
      (selector_config_.child("labels") == nullptr ||
       selector_config_.at("labels").to_text() == "\"\"")) {
    throw ConfigError(fmt::format(
        "selector {}: reads hidden labels, and the pool has none; pool.labels=FILE names them",
        type_of(selector_config_)));
  }
}

std::string TableSelection::sharing_key() const {
  std::string key = pool_config_.to_json() +
                    config::to_value(static_cast<const ColumnOptions&>(options_)).to_json();
  if (source_->is_generated()) key += std::to_string(options_.seed);
  return key;
}

std::vector<ColumnSource> TableSelection::read_columns(SampleTable& table) const {
  return add_columns(options_, table);
}

void TableSelection::check_columns(const std::vector<std::string>& known) const {
  for (const std::string& name : selector_->required_columns()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string nearest = nearest_name(name, known);
    throw ConfigError(
        known.empty()
            ? fmt::format("selector {}: reads the column '{}'; name what gives it, as in "
                          "columns=[FOLDER, scores.csv]: a table that `winnow measure` left, or a "
                          "file of scores",
                          type_of(selector_config_), name)
            : fmt::format("selector {}: reads the column '{}', which nothing of columns gives.{} "
                          "They give: {}",
                          type_of(selector_config_), name,
                          nearest.empty() ? "" : " Did you mean '" + nearest + "'?",
                          fmt::join(known, ", ")));
  }
}

void TableSelection::check_values(const SampleTable& table) const {
  for (const std::string& name : selector_->required_columns()) {
    const Column& column = table.column(name);
    std::size_t without = 0;
    for (std::size_t row = 0; row < table.size(); ++row) {
      const auto state = static_cast<CellState>(column.states(row));
      without += state == CellState::missing || state == CellState::failed ? 1 : 0;
    }
    const double share = static_cast<double>(without) / static_cast<double>(table.size());
    if (share <= options_.maximum_missing_share) continue;
    throw DataError(fmt::format(
        "selector {}: the column '{}' has no value for {} of {} samples ({:.1f} %), more than "
        "maximum_missing_share = {} allows",
        type_of(selector_config_), name, without, table.size(), 100 * share,
        options_.maximum_missing_share));
  }
}

PoolOutcome TableSelection::run(const Pool& pool, const SampleTable& table,
                                const std::vector<ColumnSource>& columns,
                                const std::optional<fs::path>& labels, const OutputFolder& output,
                                const fs::path& folder, const fs::path& place) const {
  config::Value selector_config = selector_config_;
  if (selector_->reads_hidden_labels() && labels) {
    const config::Value* own = selector_config.child("labels");
    if (own == nullptr || !own->is_string() || own->string().empty()) {
      selector_config.set("labels", config::Value(labels->string(), {}));
    }
  }
  Selection selection = selectors().create(selector_config, "selector")->select(table, seed());
  for (const ColumnSource& source : columns) {
    for (std::string& remark : remarks_on(source)) selection.warnings.push_back(std::move(remark));
  }
  if (!pool.ledger().empty()) {
    selection.warnings.push_back(
        fmt::format("{} rows of the pool could not be read", pool.ledger().size()));
  }
  write_selection(folder, table, selection,
                  {selector_config_, seed(), selector_->required_columns(), {}});
  const bool is_weighted = selection.is_weighted();
  std::vector<RowToWrite> rows;
  rows.reserve(selection.rows.size());
  for (const SelectedRow& row : selection.rows) {
    rows.push_back({row.row, is_weighted ? std::optional<double>(row.weight) : std::nullopt});
  }
  const auto exporter = exporters().create(export_config_, "export");
  const WrittenRows written =
      write_rows(pool, rows, *exporter, folder / kDataFolder, place / kDataFolder,
                 options_.maximum_failed_share, options_.decode,
                 [&](const fs::path& file) { output.check_input("the pool's", file); });

  json::object report = json::parse(selection_report(table, selection)).as_object();
  report["pool_rows"] = winnow::account_of(pool);
  report["columns"] = account_of(columns, table);
  report["export"] = to_json(written);
  write_file(folder / "report.json", json::serialize(report) + "\n");

  PoolOutcome outcome;
  outcome.summary =
      fmt::format("{} of {} rows taken, {} written to {}/{}", selection.rows.size(), table.size(),
                  written.report.rows, kDataFolder, fmt::join(written.report.files, ", "));
  outcome.warnings = selection.warnings;
  for (std::string& warning : warnings_of(written)) outcome.warnings.push_back(std::move(warning));
  return outcome;
}

std::vector<PoolOutcome> select_from_tables(const std::vector<TableTask>& tasks,
                                            const OutputFolder& output, const fs::path& results) {
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    groups[tasks[i].selection->sharing_key()].push_back(i);
    for (const fs::path& place : tasks[i].selection->options().columns) {
      output.check_input("columns:", place);
    }
  }
  std::vector<PoolOutcome> outcomes(tasks.size());
  for (const auto& [key, members] : groups) {
    const TableSelection& first = *tasks[members.front()].selection;
    const OpenedPool opened = open_pool(first.source(), first.seed(), results);
    SampleTable table(opened.pool.shared_rows());
    const std::vector<ColumnSource> columns = first.read_columns(table);
    for (const std::size_t i : members) {
      tasks[i].selection->check_columns(table.column_names());
      tasks[i].selection->check_values(table);
    }
    for (const std::size_t i : members) {
      outcomes[i] = tasks[i].selection->run(opened.pool, table, columns, opened.labels, output,
                                            tasks[i].folder, tasks[i].place);
    }
  }
  return outcomes;
}

}  // namespace winnow
