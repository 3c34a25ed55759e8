#pragma once
// The merged metrics of the GDO release as columns of a sample table. The release writes 0 where a
// measurement failed; here that is a state.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gdo_release/select/scan/chunked_vector.h"
#include "gdo_release/select/scan/key_table.h"

namespace winnow::gdo_release {

// What is read of a row of the table, as it stands there; NaN where there is no number.
struct MetricRow {
  double loss_video, loss_blind, frame_diversity, amm, tnc_score, self_consistency, cluster_id;
};

class MetricRows {
 public:
  // Reads the table. Lines that are no objects or name no pair are counted; of the rows of one pair
  // the last one counts, as in the release. Throws IoError, and DataError for bytes that are not
  // UTF-8.
  explicit MetricRows(const std::filesystem::path& path);

  // By the pair's uid; null when the table has none.
  const MetricRow* find(std::uint64_t uid_key) const;
  std::size_t size() const { return uids_.size(); }
  std::int64_t bad_rows() const { return bad_rows_; }
  std::int64_t repeated_rows() const { return repeated_rows_; }

 private:
  KeyTable uids_;
  ChunkedVector<MetricRow> rows_;
  std::int64_t bad_rows_ = 0, repeated_rows_ = 0;
};

// A column that a row of metrics gives.
struct MetricColumn {
  const char* name;
  const char* meaning;  // from which keys, and when there is none
};
// All of them, in the order of metric_cells(). `coverage` and `answer_group` need the whole pool
// and are made in pair_table.cpp.
const std::vector<MetricColumn>& metric_columns();

// The values of a row; NaN where the value failed, and what has no meaning for an image is left to
// the caller (applies_to_images).
std::vector<double> metric_cells(const MetricRow& row);
bool applies_to_images(const std::string& column);

}  // namespace winnow::gdo_release
