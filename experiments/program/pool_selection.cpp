#include "experiments/program/pool_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "experiments/comparison/selector_table.h"
#include "experiments/program/opened_pool.h"
#include "experiments/program/written_rows.h"
#include "experiments/stages/chosen_from_files.h"
#include "selectors/manifest.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kDataFolder = "data";
constexpr const char* kLedger = "failures.jsonl";

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

// The ledger that `winnow measure` leaves beside its table, by row.
void read_ledger(const fs::path& place, const RowTable& rows,
                 std::map<std::size_t, UnusableRow>& unusable) {
  const fs::path file = place / kLedger;
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return;
  std::istringstream lines(read_file(file));
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    try {
      const json::object entry = json::parse(line).as_object();
      const std::string id(entry.at("id").as_string());
      UnusableRow why{measurement_failed(std::string(entry.at("of").as_string())),
                      std::string(entry.at("reason").as_string())};
      if (const auto row = rows.find(id)) unusable.try_emplace(*row, std::move(why));
    } catch (const std::exception& problem) {
      throw DataError(
          fmt::format("{}:{}: not a row that failed: {}", file.string(), number, problem.what()));
    }
  }
}

}  // namespace

config::Help help(const SelectOptions& options) {
  config::Help all = help(static_cast<const ColumnOptions&>(options));
  all.push_back({"output", "the folder that is made"});
  all.push_back({"seed", "of the selection's draws, and of a generated pool", config::at_least(0)});
  all.push_back(
      {"decode", "open the media of the rows taken; a row with one that cannot be is not taken"});
  all.push_back({"maximum_failed_share",
                 "share of the rows taken that may turn out not to be writable, and have others in "
                 "their place",
                 config::between(0, 1)});
  return all;
}

PoolSelection::PoolSelection(const config::Value& config, const std::vector<std::string>& overrides)
    : options_(
          config::bind<SelectOptions>(config, "", with_pool_tables({"selector", "export", "run"}))),
      pool_config_(config.at("pool")),
      selector_config_(selector_table(config.at("selector"), ForeignOptions::any)),
      export_config_(config.at("export")),
      source_(pools().create(pool_config_, "pool")),
      selector_(make_selector(selector_config_, "selector")) {
  exporters().create(export_config_, "export");
  check_column_places(options_);
  if (selector_->reads_files()) check_is_read(overrides);
  if (const auto known = known_columns(options_)) check_columns(*known);
  check_labels();
}

void PoolSelection::check_labels() const {
  if (!selector_->reads_hidden_labels() || source_->is_generated() || source_->labels({})) return;
  const config::Value* own = selector_config_.child("labels");
  if (own != nullptr && own->to_text() != "\"\"") return;
  throw ConfigError(fmt::format(
      "selector.type = {}: reads hidden labels, and the pool has none; pool.labels=FILE names them",
      selector_config_.at("type").string()));
}

void PoolSelection::check_is_read(const std::vector<std::string>& overrides) const {
  const std::map<std::string, fs::path> files = source_->files();
  for (const std::string& text : overrides) {
    const std::string key = text.substr(text.find_first_not_of("+~"));
    const std::vector<std::string> parts =
        config::split_key(key.substr(0, key.find_first_of("=@")));
    bool is_read = true;
    for (const char* name : {"columns", "id", "seed", "export", "maximum_missing_share", "decode",
                             "maximum_failed_share"}) {
      is_read = is_read && parts.front() != name;
    }
    if (parts.front() == "pool" && parts.size() > 1) {
      is_read = parts[1] == "type" || files.contains(parts[1]) || files.empty();
    }
    if (is_read) continue;
    const std::string type = selector_config_.at("type").string();
    throw ConfigError(fmt::format(
        "{}: selector={} reads the pool's files itself and writes its own rows; its options are "
        "selector.KEY (winnow list selector {})",
        text, type, type));
  }
}

std::string PoolSelection::sharing_key() const {
  std::string key = pool_config_.to_json();
  if (selector_->reads_files()) return "files of " + key;
  key += config::to_value(static_cast<const ColumnOptions&>(options_)).to_json();
  if (source_->is_generated()) key += std::to_string(options_.seed);
  return key;
}

OpenedTable PoolSelection::open(const fs::path& results) const {
  OpenedTable opened;
  if (selector_->reads_files()) return opened;
  OpenedPool read = open_pool(*source_, seed(), results);
  opened.table = SampleTable(read.pool.shared_rows());
  opened.columns = add_columns(options_, opened.table);
  for (const ColumnSource& source : opened.columns) {
    read_ledger(source.place, opened.table.rows(), opened.unusable);
  }
  opened.pool = std::move(read.pool);
  opened.labels = read.labels.value_or(fs::path());
  return opened;
}

SelectionInput PoolSelection::input(const OpenedTable& opened, const fs::path& folder,
                                    SharedWork& shared) const {
  SelectionInput input{opened.table, seed(), opened.unusable};
  input.labels = opened.labels;
  if (selector_->reads_files()) input.files = source_->files();
  input.folder = folder;
  input.shared = &shared;
  return input;
}

void PoolSelection::check_columns(const std::vector<std::string>& known) const {
  for (const std::string& name : selector_->required_columns()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string nearest = nearest_name(name, known);
    fail_column(
        selector_config_, "selector", name, "",
        known.empty()
            ? fmt::format("the selector reads the column '{}'; name what gives it, as in "
                          "columns=[FOLDER, scores.csv]: a table that `winnow measure` left, or a "
                          "file of scores",
                          name)
            : fmt::format("the selector reads the column '{}', which nothing of columns gives.{} "
                          "They give: {}",
                          name, nearest.empty() ? "" : " Did you mean '" + nearest + "'?",
                          fmt::join(known, ", ")));
  }
}

void PoolSelection::check(const OpenedTable& opened) const {
  if (selector_->reads_files()) return;
  check_columns(opened.table.column_names());
  for (const std::string& name : selector_->required_columns()) {
    const Column& column = opened.table.column(name);
    std::size_t without = 0;
    for (std::size_t row = 0; row < column.size(); ++row) {
      const auto state = static_cast<CellState>(column.states(row));
      without += state == CellState::missing || state == CellState::failed ? 1 : 0;
    }
    const double share = static_cast<double>(without) / static_cast<double>(column.size());
    if (share <= options_.maximum_missing_share) continue;
    throw DataError(fmt::format(
        "selector.type = {}: the column '{}' has no value for {} of {} rows ({:.1f} %), more than "
        "maximum_missing_share = {} allows",
        selector_config_.at("type").string(), name, without, column.size(), 100 * share,
        options_.maximum_missing_share));
  }
}

SelectOutcome PoolSelection::choose_from_files(const SelectionInput& input,
                                               const fs::path& place) const {
  const Selection selection = selector_->select(input);
  write_chosen_from(input.folder, place, {selector_config_, input.seed, input.files, {}}, false);
  return {selection.summary, selection.warnings};
}

SelectOutcome PoolSelection::run(const OpenedTable& opened, SelectionInput input,
                                 const OutputFolder& output, const fs::path& place) const {
  for (const auto& [name, file] : input.files) output.check_input("pool." + name + ":", file);
  if (selector_->reads_files()) return choose_from_files(input, place);
  const fs::path data = input.folder / kDataFolder;
  Selection selection;
  WrittenRows written;
  RowChecker checker(*opened.pool, options_.decode);
  std::vector<UnwrittenRow> lost;  // of all rounds
  for (;;) {
    selection = selector_->select(input);
    const bool is_weighted = selection.is_weighted();
    std::vector<RowToWrite> rows;
    rows.reserve(selection.rows.size());
    for (const SelectedRow& row : selection.rows) {
      rows.push_back({row.row, is_weighted ? std::optional<double>(row.weight) : std::nullopt});
    }
    std::vector<UnwrittenRow> failed = checker.undecodable(rows);
    const std::string reason =
        failed.empty() ? "cannot be written" : measurement_failed("a medium cannot be read");
    if (failed.empty()) {
      const auto exporter = exporters().create(export_config_, "export");
      written = write_rows(*opened.pool, rows, *exporter, data, place / kDataFolder,
                           options_.maximum_failed_share,
                           [&](const fs::path& file) { output.check_input("the pool's", file); });
      failed = written.failed;
    }
    for (UnwrittenRow& row : failed) {
      input.unusable.try_emplace(row.row, UnusableRow{reason, row.reason});
      lost.push_back(std::move(row));
    }
    check_failed_share(lost, rows.size(), options_.maximum_failed_share);
    if (failed.empty()) break;
    fs::remove_all(data);
  }
  const auto unmeasured = selection.unusable - static_cast<std::int64_t>(lost.size());
  if (unmeasured > 0) {
    selection.warnings.push_back(fmt::format(
        "{} rows could not be measured and are not taken (report.json names them)", unmeasured));
  }
  written.failed = std::move(lost);
  for (const ColumnSource& source : opened.columns) {
    for (std::string& remark : remarks_on(source)) selection.warnings.push_back(std::move(remark));
  }
  if (!opened.pool->ledger().empty()) {
    selection.warnings.push_back(
        fmt::format("{} rows of the pool could not be read", opened.pool->ledger().size()));
  }
  write_selection(input.folder, opened.table, selection,
                  {selector_config_, seed(), selector_->required_columns(), {}});

  json::object report = json::parse(selection_report(opened.table, selection)).as_object();
  report["pool_rows"] = winnow::account_of(*opened.pool);
  report["columns"] = account_of(opened.columns, opened.table);
  report["export"] = to_json(written);
  write_file(input.folder / "report.json", json::serialize(report) + "\n");

  SelectOutcome outcome;
  outcome.summary = fmt::format("{} of {} rows taken, {} written to {}/{}", selection.rows.size(),
                                opened.table.size(), written.report.rows, kDataFolder,
                                fmt::join(written.report.files, ", "));
  outcome.warnings = selection.warnings;
  for (std::string& warning : warnings_of(written)) outcome.warnings.push_back(std::move(warning));
  return outcome;
}

std::vector<SelectOutcome> select_all(const std::vector<SelectTask>& tasks,
                                      const OutputFolder& output, const fs::path& results) {
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    groups[tasks[i].selection->sharing_key()].push_back(i);
    for (const fs::path& place : tasks[i].selection->options().columns) {
      output.check_input("columns:", place);
    }
  }
  std::vector<SelectOutcome> outcomes(tasks.size());
  for (const auto& [key, members] : groups) {
    const OpenedTable opened = tasks[members.front()].selection->open(results);
    SharedWork shared;
    for (const std::size_t i : members) {
      const PoolSelection& selection = *tasks[i].selection;
      selection.check(opened);
      selection.selector().announce(selection.input(opened, tasks[i].folder, shared));
    }
    for (const std::size_t i : members) {
      const PoolSelection& selection = *tasks[i].selection;
      outcomes[i] = selection.run(opened, selection.input(opened, tasks[i].folder, shared), output,
                                  tasks[i].place);
    }
  }
  return outcomes;
}

}  // namespace winnow
