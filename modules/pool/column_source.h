#pragma once
// Columns that a user names for the rows of a pool: folders of saved sample tables and files of
// scores (score_file.h), joined by the samples' ids.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "pool/sample_table.h"

namespace winnow {

struct ColumnOptions {
  std::vector<std::filesystem::path> columns;
  std::string id = "id";
  double maximum_missing_share = 0.01;
};
BOOST_DESCRIBE_STRUCT(ColumnOptions, (), (columns, id, maximum_missing_share))
config::Help help(const ColumnOptions&);

// What one of them gave.
struct ColumnSource {
  std::filesystem::path place;
  std::vector<std::string> columns;
  std::vector<std::string> ignored;  // keys of a file of scores that are no numbers
  std::int64_t rows = 0;
  std::int64_t without_sample = 0;  // of its rows: the pool does not have them
  std::int64_t without_scores = 0;  // rows of the pool that it has nothing for
  // Of those: rows of the same id whose content was another one when they were measured.
  std::int64_t changed = 0;
  std::string first_changed;  // its id
};

// Throws ConfigError for a place that is named twice, and for one that is neither a folder of a
// saved table nor a file; IoError where there is nothing.
void check_column_places(const ColumnOptions& options);

// The columns that they will give, sorted, where that is known before the pool is read: of folders
// alone.
std::optional<std::vector<std::string>> known_columns(const ColumnOptions& options);

// Adds them to a table of the pool's rows. Throws DataError for one that has none of the pool's
// rows, one that leaves more than the share of them without scores and a column that two of them
// have, IoError and DataError for what cannot be read.
std::vector<ColumnSource> add_columns(const ColumnOptions& options, SampleTable& table);

// "2 of 10 samples of the pool have no scores in it", ..., for warnings; none for a source that has
// exactly the pool's rows.
std::vector<std::string> remarks_on(const ColumnSource& source);

}  // namespace winnow
