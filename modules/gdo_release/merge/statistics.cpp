#include "gdo_release/merge/statistics.h"

#include <algorithm>
#include <cmath>

namespace winnow::gdo_release {

ReservoirSampler::ReservoirSampler(std::int64_t capacity, std::uint64_t seed)
    : capacity_(std::max<std::int64_t>(capacity, 0)), random_(static_cast<std::int64_t>(seed)) {}

void ReservoirSampler::add(double value) {
  ++total_seen_;
  if (capacity_ == 0) return;
  if (static_cast<std::int64_t>(values_.size()) < capacity_) {
    values_.push_back(static_cast<float>(value));
    return;
  }
  const std::uint64_t place = random_.below(static_cast<std::uint64_t>(total_seen_));
  if (place < static_cast<std::uint64_t>(capacity_)) {
    values_[place] = static_cast<float>(value);
  }
}

CenterScale robust_center_scale(std::vector<float> values) {
  if (values.empty()) return {};
  const auto quantile = [&](double share) {
    const double place = static_cast<double>(values.size() - 1) * share;
    const auto before = static_cast<std::ptrdiff_t>(place);
    const auto at = values.begin() + before;
    std::nth_element(values.begin(), at, values.end());
    const float low = *at;
    const float high = at + 1 == values.end() ? low : *std::min_element(at + 1, values.end());
    const double part = place - static_cast<double>(before), gap = high - low;
    return part < 0.5 ? low + gap * part : high - gap * (1.0 - part);
  };
  const double spread = std::max(quantile(0.75) - quantile(0.25), 1e-6);
  return {quantile(0.5), spread / 1.349};
}

double zscore(double value, const CenterScale& column) {
  return (value - column.center) / std::max(column.scale, 1e-6);
}

double sigmoid(double x) {
  const double part = std::exp(-std::abs(x));
  return x >= 0 ? 1.0 / (1.0 + part) : part / (1.0 + part);
}

}  // namespace winnow::gdo_release
