#include "experiments/what_methods_see/property_matrix.h"

#include <gmock/gmock.h>

#include <cmath>

namespace winnow {
namespace {

namespace json = boost::json;

json::object composition(double wrong, double rare) {
  return {{"rows", 10}, {"labels", {{"wrong", wrong}, {"rare", rare}}}};
}

json::object areas(double loss) {
  return {{"loss", {{"all", loss}, {"image", nullptr}, {"video", nullptr}, {"valid", 10}}},
          {"flow", {{"all", nullptr}, {"image", nullptr}, {"video", nullptr}, {"valid", 0}}}};
}

// Two worlds with a seed each, whose pools differ; one method beside the base and the reference.
ComparisonResults results() {
  ComparisonResults results;
  results.replicates = {{1, 0}, {2, 1}};
  results.worlds.resize(2);
  results.worlds[0].pool = composition(0.2, 0.0);
  results.worlds[1].pool = composition(0.4, 0.0);
  for (std::size_t world = 0; world < 2; ++world) {
    results.worlds[world].label_areas = {{"wrong", areas(world == 0 ? 0.6 : 0.8)},
                                         {"rare", areas(0.5)}};
  }
  results.methods = {{"base", "Base", Role::base, std::vector<MethodRun>(2)},
                     {"uni", "Uni-10x", Role::reference, std::vector<MethodRun>(2)},
                     {"loss", "Low loss", Role::method, std::vector<MethodRun>(2)}};
  results.methods[1].runs[0].composition = composition(0.2, 0.0);
  results.methods[1].runs[1].composition = composition(0.4, 0.0);
  results.methods[2].runs[0].composition = composition(0.1, 0.0);
  results.methods[2].runs[1].composition = composition(0.1, 0.0);
  return results;
}

TEST(PropertyMatrix, TakesEachSeedAgainstItsOwnPool) {
  const PropertyMatrix matrix = property_matrix(results());
  EXPECT_EQ(matrix.methods, (std::vector<std::string>{"Uni-10x", "Low loss"}));
  ASSERT_EQ(matrix.rows.size(), 2U);
  const PropertyRow& wrong = matrix.rows[0];
  EXPECT_EQ(wrong.property, "wrong");
  EXPECT_DOUBLE_EQ(wrong.pool, 0.3);
  EXPECT_DOUBLE_EQ(wrong.taken[0].ratio.value(), 1.0);
  EXPECT_DOUBLE_EQ(wrong.taken[0].spread.value(), 0.0);
  EXPECT_DOUBLE_EQ(wrong.taken[1].share, 0.1);
  EXPECT_DOUBLE_EQ(wrong.taken[1].ratio.value(), (0.5 + 0.25) / 2);
  EXPECT_NEAR(wrong.taken[1].spread.value(), 0.25 / std::sqrt(2.0), 1e-12);
}

TEST(PropertyMatrix, WhatIsNotThereIsMissingAndNoNumber) {
  const PropertyMatrix matrix = property_matrix(results());
  EXPECT_FALSE(matrix.rows[1].taken[0].ratio);  // a pool without such a row
  EXPECT_EQ(matrix.columns, (std::vector<std::string>{"loss", "flow"}));
  EXPECT_DOUBLE_EQ(matrix.rows[0].areas[0].value(), 0.7);
  EXPECT_FALSE(matrix.rows[0].areas[1]);
  const std::vector<Table> tables = matrix_tables(matrix, "Title");
  ASSERT_EQ(tables.size(), 3U);
  EXPECT_EQ(tables[0].title, "Title");
  EXPECT_DOUBLE_EQ(*tables[0].rows[0].cells[3].value(), 0.375);
  EXPECT_EQ(tables[0].rows[1].cells[2].value(), nullptr);
  EXPECT_DOUBLE_EQ(*tables[2].rows[0].cells[2].value(), 0.7);
  EXPECT_EQ(tables[2].rows[0].cells[3].value(), nullptr);
  EXPECT_FALSE(ratio_map(matrix).rows[1].values[0]);
  EXPECT_DOUBLE_EQ(tone_of(area_map(matrix), 0.5), 0.0);
}

TEST(PropertyMatrix, OneSeedHasNoSpread) {
  ComparisonResults one = results();
  one.replicates.resize(1);
  one.worlds.resize(1);
  for (MethodResult& method : one.methods) method.runs.resize(1);
  const PropertyMatrix matrix = property_matrix(one);
  EXPECT_TRUE(std::isnan(matrix.rows[0].taken[1].spread.value()));
  EXPECT_EQ(matrix_tables(matrix, "Title")[1].rows[0].cells[2].value(), nullptr);
}

}  // namespace
}  // namespace winnow
