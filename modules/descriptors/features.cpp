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

ScratchArray standardised(const RowVectors& features, const std::vector<std::size_t>& rows) {
  const std::size_t dimensions = features.width();
  const auto count = static_cast<double>(rows.size());
  // Row by row: the features lie in a file.
  std::vector<double> means(dimensions, 0.0), deviations(dimensions, 0.0);
  for (const std::size_t row : rows) {
    const std::span<const float> own = features[row];
    for (std::size_t d = 0; d < dimensions; ++d) means[d] += own[d];
  }
  for (double& mean : means) mean /= count;
  for (const std::size_t row : rows) {
    const std::span<const float> own = features[row];
    for (std::size_t d = 0; d < dimensions; ++d) deviations[d] += std::pow(own[d] - means[d], 2);
  }
  for (double& deviation : deviations) deviation = std::sqrt(deviation / count);
  ScratchArray result(features.folder(), rows.size() * dimensions);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::span<const float> own = features[rows[i]];
    const std::span<float> to = result.values().subspan(i * dimensions, dimensions);
    for (std::size_t d = 0; d < dimensions; ++d) {
      // Relative to the mean: rounding leaves a constant dimension a deviation just above zero.
      if (deviations[d] <= 1e-6 * std::abs(means[d])) continue;
      to[d] = static_cast<float>((own[d] - means[d]) / deviations[d]);
    }
  }
  return result;
}

}  // namespace winnow
