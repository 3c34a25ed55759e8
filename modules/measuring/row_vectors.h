#pragma once
// A vector for each row, all of one width, in one block of memory.

#include <cstdint>
#include <span>
#include <vector>

namespace winnow {

// A row may have none. Takes no memory before the first vector is there, then 4 D + 1 bytes a row.
class RowVectors {
 public:
  RowVectors() = default;
  explicit RowVectors(std::size_t rows) : rows_(rows) {}

  std::size_t size() const { return rows_; }
  // D; 0 while no row has a vector.
  std::size_t width() const { return width_; }
  bool has(std::size_t row) const { return width_ > 0 && present_[row] != 0; }
  // [D]; requires has(row).
  std::span<const float> operator[](std::size_t row) const {
    return {values_.data() + row * width_, width_};
  }
  // Throws std::logic_error for a width that is not that of the others, or 0.
  void set(std::size_t row, std::span<const float> vector);

 private:
  std::size_t rows_ = 0, width_ = 0;
  std::vector<float> values_;  // [rows, D]
  std::vector<std::uint8_t> present_;
};

}  // namespace winnow
