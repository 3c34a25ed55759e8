#pragma once
// The model's features of a pool, for descriptors that look at the pool as a whole.

#include "descriptors/descriptor.h"

namespace winnow {

enum class FeatureSpace { prompt, question };
BOOST_DESCRIBE_ENUM(FeatureSpace, prompt, question)

inline const RowVectors& features_in(const PoolFeatures& features, FeatureSpace space) {
  return space == FeatureSpace::prompt ? features.prompt : features.question;
}
inline const std::vector<float>& features_in(const Observation& observation, FeatureSpace space) {
  return space == FeatureSpace::prompt ? observation.prompt_features
                                       : observation.question_features;
}
Needs needs_of(FeatureSpace space);

// Rows that have features, by content and id: what is computed of them in this order does not
// depend on the pool's.
std::vector<std::size_t> rows_with_features(const SampleTable& table, const RowVectors& features);

// Mean 0 and standard deviation 1 per dimension; a constant dimension becomes 0. Row-major
// [rows][D], on disk beside the features. Requires a row.
ScratchArray standardised(const RowVectors& features, const std::vector<std::size_t>& rows);

}  // namespace winnow
