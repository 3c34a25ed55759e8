#pragma once
// A selector of tables on the user's own pool: rows of any source, columns from measured tables and
// files of scores, and an exporter for what is taken.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/value.h"
#include "experiments/program/output_folder.h"
#include "pool/column_source.h"
#include "pool/exporter.h"
#include "pool/pool_source.h"
#include "selectors/pool_selector.h"
#include "selectors/selector.h"

namespace winnow {

// The top of configs/select.toml.
struct SelectOptions : ColumnOptions {
  std::string output;
  std::int64_t seed = 0;
  bool decode = true;
  double maximum_failed_share = 0.01;
};
BOOST_DESCRIBE_STRUCT(SelectOptions, (ColumnOptions), (output, seed, decode, maximum_failed_share))
config::Help help(const SelectOptions&);

// One selection that is wanted, checked as far as that goes without data.
class TableSelection {
 public:
  // `config`: composed from configs/select.toml. `selector`: its table, for the selector that it
  // names. Throws ConfigError for options that cannot work, columns that are known to be missing
  // and hidden labels that nobody has; IoError for files that are not there.
  TableSelection(const config::Value& config, const config::Value& selector);

  // Equal for selections that can share a pool and its columns.
  std::string sharing_key() const;

  std::uint64_t seed() const { return static_cast<std::uint64_t>(options_.seed); }
  const PoolSource& source() const { return *source_; }
  const SelectOptions& options() const { return options_; }

  // Reads the pool's columns. Throws what add_columns() throws.
  std::vector<ColumnSource> read_columns(SampleTable& table) const;
  // Throws ConfigError when the table lacks a column, naming the nearest and all that there are.
  void check_columns(const std::vector<std::string>& known) const;
  // Throws DataError when the table lacks too many values of a column that is read: cells that do
  // not apply to their row lack none.
  void check_values(const SampleTable& table) const;
  // Selects and fills `folder`, which will lie at `place`:
  //
  //   data/                                  what the exporter wrote
  //   selection-<digest>.jsonl, candidates-<digest>.jsonl   selectors/manifest.h
  //   report.json                            selection_report() with the pool, the columns and the
  //                                          export
  PoolOutcome run(const Pool& pool, const SampleTable& table,
                  const std::vector<ColumnSource>& columns,
                  const std::optional<std::filesystem::path>& labels, const OutputFolder& output,
                  const std::filesystem::path& folder, const std::filesystem::path& place) const;

 private:
  SelectOptions options_;
  config::Value pool_config_, selector_config_, export_config_;
  std::unique_ptr<PoolSource> source_;
  std::unique_ptr<Selector> selector_;
};

// One of several selections, and where its files go.
struct TableTask {
  const TableSelection* selection;
  std::filesystem::path folder;  // exists
  std::filesystem::path place;   // where it will lie in the end
};

// Selects for all, and reads each pool and its columns once. One outcome for each task, in their
// order. `results`: where generated pools are.
std::vector<PoolOutcome> select_from_tables(const std::vector<TableTask>& tasks,
                                            const OutputFolder& output,
                                            const std::filesystem::path& results);

}  // namespace winnow
