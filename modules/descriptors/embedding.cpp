// Where a sample lies among the pool's features: a vector for selectors that want their rows apart
// (Deita's diversity, k-centres). Its length is the column's number.

#include <cmath>

#include "descriptors/features.h"

namespace winnow {
namespace {

struct EmbeddingOptions {
  FeatureSpace space = FeatureSpace::prompt;
  bool standardise = true;
  std::string column_prefix;
};
BOOST_DESCRIBE_STRUCT(EmbeddingOptions, (), (space, standardise, column_prefix))
config::Help help(const EmbeddingOptions&) {
  return {{"space", "prompt: features of media and question; question: of the question alone"},
          {"standardise",
           "mean 0 and deviation 1 in each dimension; features as they are mostly point one way"},
          {"column_prefix", "put before the column's name, for a second embedding of one pool"}};
}

class Embedding : public Descriptor {
 public:
  explicit Embedding(EmbeddingOptions options) : options_(std::move(options)) {}

  std::vector<std::string> columns() const override {
    return {options_.column_prefix + "embedding"};
  }
  Needs needs() const override { return needs_of(options_.space); }

  // finish() fills the cells: what is standard is known when the whole pool is.
  std::vector<Cell> measure(const Observation& observation) const override {
    if (features_in(observation, options_.space).empty()) return {observation.absent()};
    return {Cell::missing()};
  }

  void finish(SampleTable& table, const PoolFeatures& pool_features, std::uint64_t) const override {
    const RowVectors& features = features_in(pool_features, options_.space);
    const std::vector<std::size_t> rows = rows_with_features(table, features);
    if (rows.empty()) return;
    const std::size_t dimensions = features.width();
    ScratchArray standard;
    if (options_.standardise) standard = standardised(features, rows);
    Column column = table.column(columns().front());
    auto vectors = xt::xtensor<float, 2>::from_shape({table.size(), dimensions});
    vectors.fill(0.0F);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const float* from =
          options_.standardise ? &standard.values()[i * dimensions] : features[rows[i]].data();
      double squares = 0.0;
      for (std::size_t d = 0; d < dimensions; ++d) {
        vectors(rows[i], d) = from[d];
        squares += static_cast<double>(from[d]) * from[d];
      }
      column.set(rows[i], std::sqrt(squares));
    }
    column.vectors = std::move(vectors);
    table.add(std::move(column));
  }

 private:
  EmbeddingOptions options_;
};

const bool registered = descriptors().add<Embedding, EmbeddingOptions>(
    "embedding", "vector of the sample among the pool's features, for selectors, and its length");

}  // namespace
}  // namespace winnow
