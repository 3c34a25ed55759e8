#pragma once
// Whatever measures samples to make columns of them, as the walk (walk.h) sees it.

#include <map>
#include <string>
#include <vector>

#include "measuring/cell.h"
#include "pool/sample.h"

namespace winnow {

// What a maker finds of one sample.
struct MeasuredRow {
  std::vector<Cell> cells;  // one per column
  // One per kind of vector; empty where the sample has none.
  std::vector<std::vector<float>> vectors = {};

  // The first failed cell; null where there is none.
  const Cell* failure() const;
};

struct MeasuredChunk {
  std::vector<MeasuredRow> rows;    // one per sample, in their order
  std::vector<double> totals = {};  // what the walk adds up, e.g. costs; always as many
};

// What columns depend on, by names that a person understands ("model"), as digests or short values.
using Identity = std::map<std::string, std::string>;

class ColumnMaker {
 public:
  virtual ~ColumnMaker() = default;
  virtual std::vector<std::string> columns() const = 0;
  virtual std::size_t vector_kinds() const { return 0; }
  // Samples, columns and the make-up of chunks aside, which the walk sees.
  virtual Identity identity() const = 0;
  // The samples of one chunk. Called from several threads at once. A sample that cannot be measured
  // has failed cells; what is thrown ends the walk.
  virtual MeasuredChunk measure(const std::vector<Sample>& samples) = 0;
  // The walk has ended early: calls of measure() should, too; what they find is not used.
  virtual void stop() {}
};

}  // namespace winnow
