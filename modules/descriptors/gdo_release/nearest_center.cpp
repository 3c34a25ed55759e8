#include "descriptors/gdo_release/nearest_center.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace winnow::gdo_release {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

double variance_of(const Points& points, std::size_t dimension) {
  const auto count = static_cast<double>(points.rows());
  double mean = 0.0, sum = 0.0;
  for (std::size_t i = 0; i < points.rows(); ++i) mean += points.row(i)[dimension] / count;
  for (std::size_t i = 0; i < points.rows(); ++i) {
    const double gap = points.row(i)[dimension] - mean;
    sum += gap * gap;
  }
  return sum;
}

// |values|^2, summed in the order of numpy.einsum: four lanes, steps of sixteen from the back.
float square(const float* values, std::size_t dimensions) {
  constexpr std::size_t kLanes = 4, kStep = 16;
  float lanes[kLanes] = {};
  const auto add = [&](std::size_t first) {
    for (std::size_t lane = 0; lane < kLanes && first + lane < dimensions; ++lane) {
      lanes[lane] += values[first + lane] * values[first + lane];
    }
  };
  std::size_t first = 0;
  for (; first + kStep <= dimensions; first += kStep) {
    for (std::size_t part = kStep; part > 0; part -= kLanes) add(first + part - kLanes);
  }
  for (; first < dimensions; first += kLanes) add(first);
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

}  // namespace

NearestCenter::NearestCenter(const Points& centers)
    : dimensions_(centers.dimensions), order_(centers.rows()) {
  double widest = -1.0;
  for (std::size_t d = 0; d < dimensions_; ++d) {
    const double variance = variance_of(centers, d);
    if (variance > widest) widest = variance, key_ = d;
  }
  std::iota(order_.begin(), order_.end(), 0U);
  const auto key = [&](std::uint32_t i) { return centers.row(i)[key_]; };
  std::stable_sort(order_.begin(), order_.end(), [&](auto a, auto b) { return key(a) < key(b); });

  const std::size_t blocks = (order_.size() + kLanes - 1) / kLanes;
  blocks_.assign(blocks * dimensions_ * kLanes, 0.0F);
  squares_.assign(blocks * kLanes, kInfinity);
  low_.resize(blocks), high_.resize(blocks), norm_.resize(blocks);
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const std::size_t block = i / kLanes, lane = i % kLanes;
    const float* const center = centers.row(order_[i]);
    for (std::size_t d = 0; d < dimensions_; ++d) {
      blocks_[(block * dimensions_ + d) * kLanes + lane] = center[d];
    }
    const float length = square(center, dimensions_);
    squares_[i] = length;
    if (lane == 0) low_[block] = center[key_];
    high_[block] = center[key_];
    norm_[block] = std::max(norm_[block], std::sqrt(length));
  }
}

void NearestCenter::look_at(std::size_t block, const float* point, Best& best) const {
  const float* const center = blocks_.data() + block * dimensions_ * kLanes;
  float products[kLanes] = {};
  for (std::size_t d = 0; d < dimensions_; ++d) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      products[lane] = std::fma(point[d], center[d * kLanes + lane], products[lane]);
    }
  }
  const float* const squares = squares_.data() + block * kLanes;
  float values[kLanes];
  float smallest = kInfinity;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    values[lane] = squares[lane] - 2.0F * products[lane];
    smallest = std::min(smallest, values[lane]);
  }
  if (smallest > best.value) return;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::size_t place = block * kLanes + lane;
    if (place == order_.size()) break;
    if (values[lane] < best.value || (values[lane] == best.value && order_[place] < best.index)) {
      best = {values[lane], order_[place]};
    }
  }
}

std::size_t NearestCenter::find(const float* point) const {
  const std::size_t blocks = low_.size();
  const float key = point[key_];
  const auto after =
      static_cast<std::size_t>(std::upper_bound(low_.begin(), low_.end(), key) - low_.begin());
  const std::size_t start = after == 0 ? 0 : after - 1;
  Best best = {kInfinity, std::numeric_limits<std::uint32_t>::max()};
  look_at(start, point, best);

  // In exact numbers, value(c) = |x - c|^2 - |x|^2 >= gap^2 - |x|^2 with the gap in the key
  // dimension. Rounding moves a value by at most (dimensions + 2) epsilon (|c| + |x|)^2; twice that
  // covers this bound's own rounding as well.
  const float norm = std::sqrt(square(point, dimensions_));
  const float slack =
      2.0F * static_cast<float>(dimensions_ + 4) * std::numeric_limits<float>::epsilon();
  constexpr std::size_t kGroup = 16;
  for (std::size_t first = 0; first < blocks; first += kGroup) {
    const std::size_t last = std::min(first + kGroup, blocks);
    unsigned possible = 0;
    for (std::size_t block = first; block < last; ++block) {
      const float gap = std::max({low_[block] - key, key - high_[block], 0.0F});
      const float reach = norm + norm_[block];
      const float bound = gap * gap - norm * norm - slack * reach * reach;
      possible |= static_cast<unsigned>(!(bound > best.value)) << (block - first);
    }
    for (std::size_t block = first; possible != 0; ++block, possible >>= 1) {
      if ((possible & 1U) != 0 && block != start) look_at(block, point, best);
    }
  }
  return best.index;
}

float distance(const float* a, const float* b, std::size_t dimensions) {
  double sum = 0.0;
  for (std::size_t d = 0; d < dimensions; ++d) {
    const float gap = a[d] - b[d], square_of_gap = gap * gap;
    sum += square_of_gap;
  }
  return std::sqrt(static_cast<float>(sum));
}

}  // namespace winnow::gdo_release
