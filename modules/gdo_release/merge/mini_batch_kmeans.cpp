#include "gdo_release/merge/mini_batch_kmeans.h"

#include <algorithm>
#include <utility>

#include "core/parallel.h"

namespace winnow::gdo_release {

MiniBatchKMeans::MiniBatchKMeans(std::size_t centers, std::size_t batch_rows)
    : wanted_(centers), batch_rows_(batch_rows) {}

void MiniBatchKMeans::add(const float* row, std::size_t dimensions) {
  centers_.dimensions = batch_.dimensions = dimensions;
  Points& table = centers_.rows() < wanted_ ? centers_ : batch_;
  table.values.insert(table.values.end(), row, row + dimensions);
  if (batch_.rows() == batch_rows_) fit_batch();
}

void MiniBatchKMeans::fit_batch() {
  const std::size_t rows = batch_.rows(), dimensions = batch_.dimensions;
  counts_.resize(centers_.rows(), 1.0);
  const NearestCenter nearest(centers_);
  std::vector<std::size_t> places(rows);
  constexpr std::size_t kPiece = 512;
  parallel_for((rows + kPiece - 1) / kPiece, [&](std::size_t piece) {
    for (std::size_t i = piece * kPiece; i < std::min(rows, (piece + 1) * kPiece); ++i) {
      places[i] = nearest.find(batch_.row(i));
    }
  });
  std::vector<double> sums(centers_.values.size(), 0.0), added(counts_.size(), 0.0);
  for (std::size_t i = 0; i < rows; ++i) {
    double* const sum = sums.data() + places[i] * dimensions;
    const float* const row = batch_.row(i);
    for (std::size_t d = 0; d < dimensions; ++d) sum[d] += row[d];
    added[places[i]] += 1.0;
  }
  for (std::size_t c = 0; c < counts_.size(); ++c) {
    if (added[c] == 0.0) continue;
    const double total = counts_[c] + added[c];
    for (std::size_t d = 0; d < dimensions; ++d) {
      float& value = centers_.values[c * dimensions + d];
      value = static_cast<float>((value * counts_[c] + sums[c * dimensions + d]) / total);
    }
    counts_[c] = total;
  }
  batch_.values.clear();
}

Points MiniBatchKMeans::finish() {
  if (batch_.rows() > 0) fit_batch();
  return std::move(centers_);
}

}  // namespace winnow::gdo_release
