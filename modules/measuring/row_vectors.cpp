#include "measuring/row_vectors.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace winnow {

void RowVectors::set(std::size_t row, std::span<const float> vector) {
  if (width_ == 0 && !vector.empty()) {
    width_ = vector.size();
    values_ = ScratchArray(folder_, rows_ * width_);
    present_.resize(rows_);
  }
  if (vector.empty() || vector.size() != width_ || row >= rows_) {
    throw std::logic_error("a vector of " + std::to_string(vector.size()) + " numbers for row " +
                           std::to_string(row) + ", among " + std::to_string(rows_) + " of " +
                           std::to_string(width_));
  }
  std::copy(vector.begin(), vector.end(), values_.values().subspan(row * width_).begin());
  present_[row] = 1;
}

}  // namespace winnow
