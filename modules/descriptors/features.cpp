#include "descriptors/features.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace winnow {

Needs needs_of(FeatureSpace space) {
  Needs needs;
  (space == FeatureSpace::prompt ? needs.prompt_features : needs.question_features) = true;
  return needs;
}

std::vector<std::size_t> rows_with_features(const SampleTable& table, const RowVectors& features) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < features.size(); ++row) {
    if (features.has(row)) rows.push_back(row);
  }
  const auto key = [&](std::size_t row) {
    return std::pair(table.rows().content(row), table.rows().id(row));
  };
  std::sort(rows.begin(), rows.end(), [&](auto a, auto b) { return key(a) < key(b); });
  return rows;
}

std::vector<float> standardised(const RowVectors& features, const std::vector<std::size_t>& rows) {
  const std::size_t dimensions = features.width();
  std::vector<float> result(rows.size() * dimensions, 0.0F);
  const auto count = static_cast<double>(rows.size());
  for (std::size_t d = 0; d < dimensions; ++d) {
    double mean = 0.0, variance = 0.0;
    for (const std::size_t row : rows) mean += features[row][d];
    mean /= count;
    for (const std::size_t row : rows) variance += std::pow(features[row][d] - mean, 2);
    const double deviation = std::sqrt(variance / count);
    // Relative to the mean: rounding leaves a constant dimension a deviation just above zero.
    if (deviation <= 1e-6 * std::abs(mean)) continue;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      result[i * dimensions + d] = static_cast<float>((features[rows[i]][d] - mean) / deviation);
    }
  }
  return result;
}

}  // namespace winnow
