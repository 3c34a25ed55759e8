#pragma once
// One row of the merged table: the release's fallbacks and quality score, written as Python would.

#include <string>

#include "gdo_release/merge/nearest_center.h"
#include "gdo_release/merge/shard_rows.h"
#include "gdo_release/merge/statistics.h"

namespace winnow::gdo_release {

// Centre and scale of the columns that are standardised, and of self_consistency for the report.
struct MergeColumns {
  CenterScale vds, ppl, amm, frame_diversity, self_consistency;
};

class RowWriter {
 public:
  // The references must outlive the writer; `nearest` is over `centers`.
  RowWriter(const MergeColumns& columns, const Points& centers, const NearestCenter& nearest)
      : columns_(columns), centers_(centers), nearest_(nearest) {}

  // Appends the row's line. Thread-safe. Throws python::EncodeError.
  void append(std::string& out, const ShardRow& row, const float* features) const;

 private:
  const MergeColumns& columns_;
  const Points& centers_;
  const NearestCenter& nearest_;
};

}  // namespace winnow::gdo_release
