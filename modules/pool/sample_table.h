#pragma once
// The one idea: whatever measures a sample adds a column; whatever chooses reads columns.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pool/column_array.h"
#include "pool/row_table.h"

namespace winnow {

// Why a cell has no number. Missing is a state, not a value: `values` holds NaN there.
enum class CellState : std::uint8_t {
  valid,
  missing,         // not measured (yet)
  failed,          // measuring failed; the pass's ledger has the reason
  not_applicable,  // has no meaning for this row, e.g. optical flow of an image
};

struct Column {
  std::string name;
  ColumnArray<double, 1> values;        // [rows], NaN where not valid
  ColumnArray<std::uint8_t, 1> states;  // [rows], CellState
  // [rows, D] of a column that has a vector for each row beside its number (an embedding and its
  // length): 4 D bytes a row. Zeros where the row is not valid. Empty for all other columns.
  ColumnArray<float, 2> vectors = {};

  std::size_t size() const { return values.size(); }
  bool valid(std::size_t row) const {
    return states(row) == static_cast<std::uint8_t>(CellState::valid);
  }
  static Column missing(std::string name, std::size_t rows);
  // Stores a finite number as valid; NaN and infinities as failed.
  void set(std::size_t row, double value);
  void set(std::size_t row, CellState state);
  // The cell of another column.
  void copy(std::size_t row, const Column& from, std::size_t from_row);
};

// Columns over the rows of one pool, in pool order. Copies share rows and columns.
class SampleTable {
 public:
  explicit SampleTable(const std::vector<RowFacts>& rows = {});
  explicit SampleTable(RowTable rows);
  explicit SampleTable(std::shared_ptr<const RowTable> rows);

  std::size_t size() const { return rows_->size(); }
  const RowTable& rows() const { return *rows_; }
  const std::shared_ptr<const RowTable>& shared_rows() const { return rows_; }
  // Replaces a column of the same name. Throws std::logic_error on a length mismatch or a name that
  // is not made of letters, digits, '_', '-' and '.' (it becomes a file name).
  void add(Column column);
  bool contains(const std::string& name) const { return columns_.count(name) > 0; }
  // Throws ConfigError naming the nearest column when absent.
  const Column& column(const std::string& name) const;
  std::vector<std::string> column_names() const;

  // <folder>/rows.jsonl, <name>.values.npy, <name>.states.npy and, where there are vectors,
  // <name>.vectors.npy; the folder appears whole or not at all. Throws IoError, DataError.
  void save(const std::filesystem::path& folder) const;
  // Maps the columns: their files must stay as they are while the table or a copy of one of its
  // columns lives. Throws IoError, DataError naming the file.
  static SampleTable load(const std::filesystem::path& folder);

 private:
  std::shared_ptr<const RowTable> rows_;
  std::map<std::string, Column> columns_;
};

}  // namespace winnow
