#pragma once
// A selector on the user's own pool: rows of any source, columns from measured tables and files of
// scores, and an exporter for what is taken; or, for a selector that reads files, the pool's files
// and what it writes itself.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/value.h"
#include "experiments/program/output_folder.h"
#include "pool/column_source.h"
#include "pool/exporter.h"
#include "pool/pool_source.h"
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

// What came of a selection.
struct SelectOutcome {
  std::string summary;  // one line: what was taken of what
  std::vector<std::string> warnings;
};

// A pool and its columns, read once for all selections that share them. A selector that reads files
// is given a table without rows.
struct OpenedTable {
  std::optional<Pool> pool;
  SampleTable table;
  std::vector<ColumnSource> columns;
  std::map<std::size_t, UnusableRow> unusable;  // that the columns' ledgers of failures name
  std::filesystem::path labels;                 // hidden ones; empty without any
};

// One selection that is wanted, checked as far as that goes without data.
class PoolSelection {
 public:
  // `config`: composed from configs/select.toml with `overrides`. Throws ConfigError for options
  // that cannot work or that nobody reads, columns that are known to be missing and hidden labels
  // that nobody has; IoError for files that are not there.
  PoolSelection(const config::Value& config, const std::vector<std::string>& overrides);

  // Equal for selections that can share a pool and its columns, or the reading of its files.
  std::string sharing_key() const;

  const SelectOptions& options() const { return options_; }
  // `results`: where generated pools are. Throws what reading throws.
  OpenedTable open(const std::filesystem::path& results) const;
  // Throws ConfigError when the table lacks a column that is read, naming the nearest and all that
  // there are, and DataError when it lacks too many values of one: cells that do not apply to their
  // row lack none.
  void check(const OpenedTable& opened) const;
  SelectionInput input(const OpenedTable& opened, const std::filesystem::path& folder,
                       SharedWork& shared) const;
  const Selector& selector() const { return *selector_; }
  // Selects and fills `input.folder`, which will lie at `place`:
  //
  //   data/                                  what the exporter wrote
  //   selection-<digest>.jsonl, candidates-<digest>.jsonl   selectors/manifest.h
  //   report.json                            selection_report() with the pool, the columns and the
  //                                          export
  //
  // or what a selector that reads files writes, and chosen_from.toml (stages/chosen_from_files.h).
  // A row that cannot be written is not taken: the selector chooses again without it. Throws
  // DataError when those are too many.
  SelectOutcome run(const OpenedTable& opened, SelectionInput input, const OutputFolder& output,
                    const std::filesystem::path& place) const;

 private:
  std::uint64_t seed() const { return static_cast<std::uint64_t>(options_.seed); }
  void check_columns(const std::vector<std::string>& known) const;
  void check_labels() const;
  // What is said on the command line and not read by a selector that reads files.
  void check_is_read(const std::vector<std::string>& overrides) const;
  SelectOutcome choose_from_files(const SelectionInput& input,
                                  const std::filesystem::path& place) const;

  SelectOptions options_;
  config::Value pool_config_, selector_config_, export_config_;
  std::unique_ptr<PoolSource> source_;
  std::unique_ptr<Selector> selector_;
};

// One of several selections, and where its files go.
struct SelectTask {
  const PoolSelection* selection;
  std::filesystem::path folder;  // exists
  std::filesystem::path place;   // where it will lie in the end
};

// Selects for all, and reads each pool and its columns once. One outcome for each task, in their
// order. `results`: where generated pools are.
std::vector<SelectOutcome> select_all(const std::vector<SelectTask>& tasks,
                                      const OutputFolder& output,
                                      const std::filesystem::path& results);

}  // namespace winnow
