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
// Centres lie in blocks of 16 neighbours and blocks in groups of 16, each with a box around it in
// the few dimensions in which centres differ most. A block is looked at only when its box, less
// what rounding may amount to, is near enough to hold the answer: skipping the others changes
// nothing.
class NearestCenter {
 public:
  explicit NearestCenter(const Points& centers);
  // Index into the centres given. `point` [dimensions], finite. Thread-safe.
  std::size_t find(const float* point) const;

 private:
  struct Boxes {
    std::size_t count = 0;         // a multiple of 16; empty boxes at the end
    std::vector<float> low, high;  // [keys][count]
    std::vector<float> norms;      // [count], largest |c|
  };
  struct Point;
  struct Best {
    float value;
    std::uint32_t index;
  };
  // Orders [first, last) of order_ so that neighbours stand together.
  void arrange(const Points& centers, std::size_t first, std::size_t last);
  Boxes boxes_around(const Points& centers, std::size_t centers_in_box) const;
  // Of sixteen boxes: values that none of their centres can fall below.
  void bound(const Boxes& boxes, std::size_t first, const Point& point, float* bounds) const;
  void look_at(std::size_t block, const float* point, Best& best) const;

  std::size_t dimensions_;
  std::vector<std::size_t> keys_;     // the dimensions of the boxes
  std::vector<std::uint32_t> order_;  // [centres]
  Boxes blocks_, groups_;
  std::vector<float> values_;   // [blocks][dimensions][16]
  std::vector<float> squares_;  // [blocks][16], infinite where no centre is
};

// Of float32 differences and squares, summed in double and rounded to float32: what
// numpy.linalg.norm(a - b) gives in fewer than 32 dimensions.
float distance(const float* a, const float* b, std::size_t dimensions);

}  // namespace winnow::gdo_release
