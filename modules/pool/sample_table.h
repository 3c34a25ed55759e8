#pragma once
// The one idea: whatever measures a sample adds a column; whatever chooses reads columns.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>
#include <xtensor/xtensor.hpp>

#include "pool/sample.h"

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
  xt::xtensor<double, 1> values;        // [rows], NaN where not valid
  xt::xtensor<std::uint8_t, 1> states;  // [rows], CellState
  // [rows, D] of a column that has a vector for each row beside its number (an embedding and its
  // length): 4 D bytes a row. Zeros where the row is not valid. Empty for all other columns.
  xt::xtensor<float, 2> vectors = {};
  bool valid(std::size_t row) const {
    return states(row) == static_cast<std::uint8_t>(CellState::valid);
  }
  static Column missing(std::string name, std::size_t rows);
  // Stores a finite number as valid; NaN and infinities as failed.
  void set(std::size_t row, double value);
  void set(std::size_t row, CellState state);
};

// Facts of a row that strata and constraints are made of; derived from the sample alone.
struct RowFacts {
  std::string id;
  std::string source;
  Modality modality = Modality::image;
  // What the question asks for, by its words: "temporal" (order, direction, counts of events,
  // before/after ...) or "static", for any modality (rule: pool/text.h). A video row with a
  // "static" question is not temporal evidence.
  std::string question_type;
  std::string content_digest;  // duplicates and tie-breaking
  std::int64_t answer_words = 0;
};

// Columns over the rows of one pool, in pool order.
class SampleTable {
 public:
  explicit SampleTable(std::vector<RowFacts> rows = {});

  std::size_t size() const { return rows_.size(); }
  const std::vector<RowFacts>& rows() const { return rows_; }
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
  static SampleTable load(const std::filesystem::path& folder);

 private:
  std::vector<RowFacts> rows_;
  std::map<std::string, Column> columns_;
};

// The facts of every sample of a pool, in order.
std::vector<RowFacts> facts_of(const std::vector<Sample>& samples);

}  // namespace winnow
