#pragma once
// A vector for each row, all of one width, in one file without a name.

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "core/scratch_array.h"

namespace winnow {

// A row may have none. Takes 4 D bytes a row of the disk and one of memory, both from the first
// vector on.
class RowVectors {
 public:
  RowVectors() = default;
  // `folder`: of the file; it exists.
  RowVectors(std::size_t rows, std::filesystem::path folder)
      : rows_(rows), folder_(std::move(folder)) {}

  std::size_t size() const { return rows_; }
  // D; 0 while no row has a vector.
  std::size_t width() const { return width_; }
  bool has(std::size_t row) const { return width_ > 0 && present_[row] != 0; }
  // [D]; requires has(row).
  std::span<const float> operator[](std::size_t row) const {
    return values_.values().subspan(row * width_, width_);
  }
  // Where what is made of these may be kept meanwhile.
  const std::filesystem::path& folder() const { return folder_; }
  // Throws std::logic_error for a width that is not that of the others, or 0, and IoError where the
  // disk has no room.
  void set(std::size_t row, std::span<const float> vector);

 private:
  std::size_t rows_ = 0, width_ = 0;
  std::filesystem::path folder_;
  ScratchArray values_;  // [rows, D]
  std::vector<std::uint8_t> present_;
};

}  // namespace winnow
