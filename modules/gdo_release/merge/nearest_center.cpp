#include "gdo_release/merge/nearest_center.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "gdo_release/merge/float_block.h"

namespace winnow::gdo_release {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

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

// The dimensions with the widest middle (of 80 % of the centres), widest first: few centres far out
// say little of where most are.
std::vector<std::size_t> widest_dimensions(const Points& centers, std::size_t count) {
  std::vector<std::pair<float, std::size_t>> spreads;
  const std::size_t step = centers.rows() / 512 + 1;  // a few hundred of them tell enough
  std::vector<float> values((centers.rows() + step - 1) / step);
  for (std::size_t d = 0; d < centers.dimensions; ++d) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = centers.row(i * step)[d];
    const auto place = [&](std::size_t tenth) {
      const auto at =
          values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) * tenth / 10);
      std::nth_element(values.begin(), at, values.end());
      return *at;
    };
    const float low = place(1);
    spreads.emplace_back(low - place(9), d);  // negative: the widest is sorted to the front
  }
  std::sort(spreads.begin(), spreads.end());
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < std::min(count, spreads.size()); ++i) {
    result.push_back(spreads[i].second);
  }
  return result;
}

}  // namespace

struct NearestCenter::Point {
  const float* values;
  float square, norm;
};

NearestCenter::NearestCenter(const Points& centers)
    : dimensions_(centers.dimensions),
      keys_(widest_dimensions(centers, 4)),
      order_(centers.rows()) {
  std::iota(order_.begin(), order_.end(), 0U);
  arrange(centers, 0, order_.size());
  blocks_ = boxes_around(centers, FloatBlock::size);
  groups_ = boxes_around(centers, FloatBlock::size * FloatBlock::size);
  values_.assign(blocks_.count * dimensions_ * FloatBlock::size, 0.0F);
  squares_.assign(blocks_.count * FloatBlock::size, kInfinity);
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const std::size_t block = i / FloatBlock::size, lane = i % FloatBlock::size;
    const float* const center = centers.row(order_[i]);
    for (std::size_t d = 0; d < dimensions_; ++d) {
      values_[(block * dimensions_ + d) * FloatBlock::size + lane] = center[d];
    }
    squares_[i] = square(center, dimensions_);
  }
}

NearestCenter::Boxes NearestCenter::boxes_around(const Points& centers,
                                                 std::size_t centers_in_box) const {
  Boxes boxes;
  const std::size_t filled = (order_.size() + centers_in_box - 1) / centers_in_box;
  boxes.count = (filled + FloatBlock::size - 1) / FloatBlock::size * FloatBlock::size;
  boxes.low.assign(keys_.size() * boxes.count, kInfinity);
  boxes.high.assign(keys_.size() * boxes.count, -kInfinity);
  boxes.norms.assign(boxes.count, 0.0F);
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const std::size_t box = i / centers_in_box;
    const float* const center = centers.row(order_[i]);
    boxes.norms[box] = std::max(boxes.norms[box], std::sqrt(square(center, dimensions_)));
    for (std::size_t k = 0; k < keys_.size(); ++k) {
      float &low = boxes.low[k * boxes.count + box], &high = boxes.high[k * boxes.count + box];
      low = std::min(low, center[keys_[k]]);
      high = std::max(high, center[keys_[k]]);
    }
  }
  return boxes;
}

void NearestCenter::arrange(const Points& centers, std::size_t first, std::size_t last) {
  if (last - first <= FloatBlock::size) return;
  std::size_t widest = 0;
  double most = -1.0;
  for (const std::size_t key : keys_) {
    double sum = 0.0, squares = 0.0;
    for (std::size_t i = first; i < last; ++i) {
      const double value = centers.row(order_[i])[key];
      sum += value, squares += value * value;
    }
    const double variance = squares - sum * sum / static_cast<double>(last - first);
    if (variance > most) most = variance, widest = key;
  }
  // In the middle, between two blocks. Equal values are told apart by index: one order only.
  const std::size_t middle =
      first + (last - first + FloatBlock::size - 1) / FloatBlock::size / 2 * FloatBlock::size;
  const auto at = [&](std::size_t i) { return order_.begin() + static_cast<std::ptrdiff_t>(i); };
  std::nth_element(at(first), at(middle), at(last), [&](std::uint32_t a, std::uint32_t b) {
    const float left = centers.row(a)[widest], right = centers.row(b)[widest];
    return left < right || (left == right && a < b);
  });
  arrange(centers, first, middle);
  arrange(centers, middle, last);
}

// In exact numbers |c|^2 - 2 x.c = |x - c|^2 - |x|^2, at least the squared distance to the box less
// |x|^2. Rounding moves the computed value by at most (dimensions + 2) epsilon (|c| + |x|)^2; twice
// that covers the rounding of this bound as well.
void NearestCenter::bound(const Boxes& boxes, std::size_t first, const Point& point,
                          float* bounds) const {
  FloatBlock gaps;
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    gaps.add_square_gap(point.values[keys_[k]], boxes.low.data() + k * boxes.count + first,
                        boxes.high.data() + k * boxes.count + first);
  }
  gaps.store(bounds);
  const float slack =
      2.0F * static_cast<float>(dimensions_ + 4) * std::numeric_limits<float>::epsilon();
  for (std::size_t i = 0; i < FloatBlock::size; ++i) {
    const float reach = point.norm + boxes.norms[first + i];
    const float value = bounds[i] - (point.square + slack * reach * reach);
    bounds[i] = value >= -kInfinity ? value : -kInfinity;  // overflown: no bound
  }
}

void NearestCenter::look_at(std::size_t block, const float* point, Best& best) const {
  const float* center = values_.data() + block * dimensions_ * FloatBlock::size;
  FloatBlock products;
  for (std::size_t d = 0; d < dimensions_; ++d, center += FloatBlock::size) {
    products.add_product(point[d], center);
  }
  const FloatBlock found = products.twice_below(squares_.data() + block * FloatBlock::size);
  std::uint32_t mask = found.not_above(best.value);
  if (mask == 0) return;
  float values[FloatBlock::size];
  found.store(values);
  for (; mask != 0; mask &= mask - 1) {
    const auto lane = static_cast<std::size_t>(std::countr_zero(mask));
    const std::size_t place = block * FloatBlock::size + lane;
    if (place >= order_.size()) return;  // infinite, as the limit
    if (values[lane] < best.value || (values[lane] == best.value && order_[place] < best.index)) {
      best = {values[lane], order_[place]};
    }
  }
}

std::size_t NearestCenter::find(const float* point) const {
  const float square_of_point = square(point, dimensions_);
  const Point known = {point, square_of_point, std::sqrt(square_of_point)};
  thread_local std::vector<float> group_bounds;
  group_bounds.resize(groups_.count);
  for (std::size_t first = 0; first < groups_.count; first += FloatBlock::size) {
    bound(groups_, first, known, group_bounds.data() + first);
  }
  Best best = {kInfinity, 0};
  // Nearest boxes first: they make most others superfluous.
  const auto next = [&](float* bounds, std::size_t count) {
    float smallest = kInfinity;
    std::size_t place = 0;
    for (std::size_t first = 0; first < count; first += FloatBlock::size) {
      const FloatBlock sixteen(bounds + first);
      const float value = sixteen.smallest();
      if (first > 0 && !(value < smallest)) continue;
      smallest = value;
      place = first + static_cast<std::size_t>(std::countr_zero(sixteen.not_above(value)));
    }
    bounds[place] = kInfinity;
    return std::pair(smallest, place);
  };
  for (std::size_t left = groups_.count; left > 0; --left) {
    const auto [group_bound, group] = next(group_bounds.data(), groups_.count);
    if (group_bound > best.value || group * FloatBlock::size >= blocks_.count) break;
    float bounds[FloatBlock::size];
    bound(blocks_, group * FloatBlock::size, known, bounds);
    for (std::size_t i = 0; i < FloatBlock::size; ++i) {
      const auto [block_bound, block] = next(bounds, FloatBlock::size);
      if (block_bound > best.value) break;
      look_at(group * FloatBlock::size + block, point, best);
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
