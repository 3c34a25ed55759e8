// Vectors of a pool worked out by hand.

#include <gmock/gmock.h>

#include "support.h"

namespace winnow {
namespace {

using test::make_descriptor;
using test::make_sample;
using test::row_vectors;
using test::text_value;

struct VectorPool {
  explicit VectorPool(const std::vector<std::size_t>& order) {
    // Dimensions: 1 and 3 around 2; 5 always; the last row has none.
    const std::vector<std::vector<float>> vectors = {{1, 5}, {3, 5}, {1, 5}, {3, 5}, {}};
    std::vector<Sample> samples;
    std::vector<std::vector<float>> question, prompt;
    for (const std::size_t i : order) {
      samples.push_back(make_sample("s" + std::to_string(i), "q" + std::to_string(i), "a", {}));
      question.push_back(vectors[i]);
      prompt.push_back(vectors[i].empty() ? vectors[i] : std::vector<float>{3, 4});
    }
    features = {row_vectors(prompt), row_vectors(question)};
    table = SampleTable(facts_of(samples));
    table.add(Column::missing("embedding", order.size()));
  }
  SampleTable table;
  PoolFeatures features;
};

TEST(Embedding, IsStandardInEachDimension) {
  VectorPool pool({0, 1, 2, 3, 4});
  make_descriptor("embedding", {{"space", text_value("question")}})
      ->finish(pool.table, pool.features, 1);
  const Column& column = pool.table.column("embedding");
  ASSERT_EQ(column.vectors.shape(0), 5U);
  ASSERT_EQ(column.vectors.shape(1), 2U);
  for (std::size_t row = 0; row < 4; ++row) {
    EXPECT_EQ(column.vectors(row, 0), row % 2 == 0 ? -1.0F : 1.0F);
    EXPECT_EQ(column.vectors(row, 1), 0.0F) << "a dimension that never changes";
    EXPECT_EQ(column.values(row), 1.0);
  }
  EXPECT_FALSE(column.valid(4));
  EXPECT_EQ(column.vectors(4, 0), 0.0F);
}

TEST(Embedding, IsTheFeaturesThemselvesWhereAsked) {
  VectorPool pool({0, 1, 2, 3, 4});
  make_descriptor("embedding", {{"standardise", config::Value(false, {"test", 0})}})
      ->finish(pool.table, pool.features, 1);
  const Column& column = pool.table.column("embedding");
  EXPECT_EQ(column.vectors(2, 0), 3.0F);
  EXPECT_EQ(column.vectors(2, 1), 4.0F);
  EXPECT_EQ(column.values(2), 5.0);
}

TEST(Embedding, GoesWithItsRowWhateverTheirOrder) {
  VectorPool forward({0, 1, 2, 3, 4}), other({4, 3, 1, 0, 2});
  for (VectorPool* pool : {&forward, &other}) {
    make_descriptor("embedding", {{"space", text_value("question")}})
        ->finish(pool->table, pool->features, 1);
  }
  const std::vector<std::size_t> order = {4, 3, 1, 0, 2};
  for (std::size_t i = 0; i < order.size(); ++i) {
    EXPECT_EQ(other.table.column("embedding").vectors(i, 0),
              forward.table.column("embedding").vectors(order[i], 0));
  }
}

}  // namespace
}  // namespace winnow
