#pragma once
// The metrics table that scores draw on: the merge step's output, or any JSONL with such keys.

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <vector>

#include "gdo_release/select/scan/chunked_vector.h"
#include "gdo_release/select/scan/key_table.h"

namespace winnow::gdo_release {

// Mean and standard deviation of a stream of numbers.
class RunningStatistics {
 public:
  void add(double value) {
    ++count_;
    const double difference = value - mean_;
    mean_ += difference / static_cast<double>(count_);
    squares_ += difference * (value - mean_);
  }
  std::int64_t count() const { return count_; }
  double mean() const { return mean_; }
  // 1 for fewer than two numbers and for a variance of 1e-12 or less.
  double deviation() const {
    if (count_ <= 1) return 1.0;
    const double variance = squares_ / static_cast<double>(count_ - 1);
    return variance <= 1e-12 ? 1.0 : std::sqrt(variance);
  }

 private:
  std::int64_t count_ = 0;
  double mean_ = 0.0, squares_ = 0.0;
};

// What a score takes from a row of metrics; z values, each at most `cap` from 0 (no limit for a cap
// of 0 or less).
struct MetricTerms {
  double vds3 = 0.0, quality = 0.0;
};

class MetricTable {
 public:
  static constexpr std::size_t kColumns = 5;

  MetricTable() = default;
  // Reads a table. Lines that are no JSON or name no pair are counted as bad; a later row of a pair
  // replaces the earlier one, though both count in the statistics. Throws IoError, and DataError
  // where the release stops: a row that is no object, an integer beyond a double, bytes that are
  // not UTF-8.
  explicit MetricTable(const std::filesystem::path& path);

  std::size_t size() const { return uids_.size(); }
  const KeyTable& uids() const { return uids_; }
  std::int64_t bad_rows() const { return bad_rows_; }
  MetricTerms terms(std::size_t row, double cap) const;
  std::vector<MetricTerms> all_terms(double cap) const;
  // Frees the values; terms() must not be called any more.
  void drop_values() { values_.clear(); }

 private:
  // loss_video, loss_blind, frame_diversity, vds, quality_score; NaN where there is none.
  using Values = std::array<double, kColumns>;
  class RowReader;

  KeyTable uids_;
  ChunkedVector<Values> values_;
  std::array<RunningStatistics, kColumns> statistics_;
  std::array<double, kColumns> deviations_{};
  std::int64_t bad_rows_ = 0;
};

}  // namespace winnow::gdo_release
