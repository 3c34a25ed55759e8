#pragma once
// The merged metrics of the GDO release as columns of a sample table. The release writes 0 where a
// measurement failed; here that is a state.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace winnow::gdo_release {

// What is read of a row of the table, as it stands there; NaN where there is no number.
struct MetricRow {
  double loss_video, loss_blind, frame_diversity, amm, tnc_score, self_consistency, cluster_id;
};

// Reads the table row by row. `uid` names a question-answer pair: "ov::ID::t0" of images,
// "vv::ID::t0" of videos, counted by turns; empty for a line that names none or is damaged. Throws
// IoError, and DataError for bytes that are not UTF-8.
void read_metric_rows(
    const std::filesystem::path& path,
    const std::function<void(const std::string& uid, const MetricRow& values)>& take);

// A column that a row of metrics gives.
struct MetricColumn {
  const char* name;
  const char* meaning;  // from which keys, and when there is none
};
// All of them, in the order of metric_cells().
const std::vector<MetricColumn>& metric_columns();

// The values of a row; NaN where the value failed, and what has no meaning for an image is left to
// the caller (applies_to_images).
std::vector<double> metric_cells(const MetricRow& row);
bool applies_to_images(const std::string& column);

}  // namespace winnow::gdo_release
