#pragma once
// Streaming k-means over rows in the order in which they come.

#include <cstdint>
#include <vector>

#include "gdo_release/merge/nearest_center.h"

namespace winnow::gdo_release {

// The first rows are the first centres; every batch after them moves each centre to the mean of all
// rows it was ever given. No random numbers, and the same result for any number of threads.
class MiniBatchKMeans {
 public:
  // Both at least 1.
  MiniBatchKMeans(std::size_t centers, std::size_t batch_rows);
  // `row` [dimensions]; every row has as many.
  void add(const float* row, std::size_t dimensions);
  // The centres: as many as asked for, or as there were rows.
  Points finish();

 private:
  void fit_batch();

  std::size_t wanted_, batch_rows_;
  Points centers_, batch_;
  std::vector<double> counts_;
};

}  // namespace winnow::gdo_release
