#pragma once
// The nearest of many centres in few dimensions.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace winnow::gdo_release {

// A table of points, row-major [rows][dimensions].
struct Points {
  std::size_t dimensions = 0;
  std::vector<float> values;

  std::size_t rows() const { return dimensions == 0 ? 0 : values.size() / dimensions; }
  const float* row(std::size_t i) const { return values.data() + i * dimensions; }
};

// Finds what scikit-learn's KMeans.predict finds, to the last bit of its arithmetic: the centre c
// with the smallest |c|^2 - 2 x.c in float32, the first of equals, the product by one fused
// multiplication and addition a dimension as OpenBLAS has it, the square in numpy.einsum's order.
// Far from the origin that is not always the nearest one.
//
// Centres are kept sorted by the dimension in which they differ most. A block of them is looked at
// only when its distance in that dimension, less what rounding may amount to, could still win:
// nothing else changes the answer.
class NearestCenter {
 public:
  explicit NearestCenter(const Points& centers);
  // Index into the centres given. `point` [dimensions], finite. Thread-safe.
  std::size_t find(const float* point) const;
  std::size_t size() const { return order_.size(); }

 private:
  static constexpr std::size_t kLanes = 16;
  struct Best {
    float value;
    std::uint32_t index;
  };
  void look_at(std::size_t block, const float* point, Best& best) const;

  std::size_t dimensions_, key_ = 0;
  std::vector<std::uint32_t> order_;  // [centres], by the key dimension
  std::vector<float> blocks_;         // [blocks][dimensions][kLanes]
  std::vector<float> squares_;        // [blocks][kLanes], infinite behind the last centre
  std::vector<float> low_, high_;     // [blocks], of the key dimension
  std::vector<float> norm_;           // [blocks], largest |c|
};

// Of float32 differences and squares, summed in double and rounded to float32: what
// numpy.linalg.norm(a - b) gives in fewer than 32 dimensions.
float distance(const float* a, const float* b, std::size_t dimensions);

}  // namespace winnow::gdo_release
