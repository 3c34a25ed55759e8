// Deita on rows whose products and angles are worked out by hand.

#include <gmock/gmock.h>

#include "core/errors.h"
#include "tables.h"

namespace winnow {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ids;
using testing::make;
using testing::Setting;

struct Row {
  double complexity, quality, x, y;
};

SampleTable table_of(const std::vector<Row>& rows) {
  std::vector<RowFacts> facts;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RowFacts fact;
    fact.id = std::string(1, static_cast<char>('a' + i));
    fact.source = "source";
    fact.question_type = "static";
    fact.content_digest = "content " + fact.id;
    facts.push_back(fact);
  }
  SampleTable table(facts);
  Column complexity = Column::missing("complexity", rows.size());
  Column quality = Column::missing("quality", rows.size());
  Column embedding = Column::missing("embedding", rows.size());
  auto vectors = xt::xtensor<float, 2>::from_shape({rows.size(), 2});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    complexity.set(i, rows[i].complexity);
    quality.set(i, rows[i].quality);
    vectors(i, 0) = static_cast<float>(rows[i].x);
    vectors(i, 1) = static_cast<float>(rows[i].y);
    embedding.set(i, std::hypot(rows[i].x, rows[i].y));
  }
  embedding.vectors = std::move(vectors);
  table.add(complexity);
  table.add(quality);
  table.add(embedding);
  return table;
}

std::vector<std::string> taken(const SampleTable& table, const std::vector<Setting>& settings) {
  std::vector<std::string> result;
  for (const SelectedRow& row : make("deita", settings)->select({table, 3}).rows) {
    result.emplace_back(table.rows().id(row.row));
  }
  return result;
}

// Products: a 20, b 18, c 16, d 9, e 8. Directions: b is 10 degrees from a (cosine .985), c at a
// right angle to a, d 30 degrees from a (.866), e opposite to a but longer.
const std::vector<Row> five = {
    {4, 5, 1, 0}, {6, 3, 0.98481, 0.17365}, {2, 8, 0, 2}, {3, 3, 0.86603, 0.5}, {1, 8, -5, 0}};

TEST(Deita, TakesTheBestProductsThatLieApart) {
  const SampleTable table = table_of(five);
  EXPECT_THAT(taken(table, {{"budget", 3}, {"minimum_distance", 0.0}}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(taken(table, {{"budget", 3}, {"minimum_distance", 0.1}}), ElementsAre("a", "c", "d"));
  EXPECT_THAT(taken(table, {{"budget", 3}, {"minimum_distance", 0.2}}), ElementsAre("a", "c", "e"));
  // Of exactly the minimum: 1 - 0 between a and c.
  EXPECT_THAT(taken(table, {{"budget", 3}, {"minimum_distance", 1.0}}), ElementsAre("a", "c", "e"));
}

TEST(Deita, MeasuresAngleOrStraightLine) {
  // From a: c sqrt 5, e 6; b .17; d .52.
  const SampleTable table = table_of(five);
  EXPECT_THAT(taken(table, {{"budget", 3}, {"distance", "euclidean"}, {"minimum_distance", 0.5}}),
              ElementsAre("a", "c", "d"));
  EXPECT_THAT(taken(table, {{"budget", 3}, {"distance", "euclidean"}, {"minimum_distance", 2.0}}),
              ElementsAre("a", "c", "e"));
}

TEST(Deita, RanksReplaceValuesWhereAsked) {
  // Complexity 4 6 2 3 1 has ranks .7 .9 .3 .5 .1; quality 5 3 8 3 8 has .5 .2 .8 .2 .8 (means of
  // ties). Products: a .35, b .18, c .24, d .10, e .08.
  const SampleTable table = table_of(five);
  const Selection selection =
      make("deita", {{"budget", 4}, {"scale", "rank"}, {"minimum_distance", 0.0}})
          ->select({table, 3});
  std::vector<double> scores;
  for (const SelectedRow& row : selection.rows) scores.push_back(row.score);
  EXPECT_EQ(ids(table, selection), (std::set<std::string>{"a", "b", "c", "d"}));
  ASSERT_EQ(scores.size(), 4U);
  EXPECT_NEAR(scores[0], 0.35, 1e-12);
  EXPECT_NEAR(scores[1], 0.24, 1e-12);
  EXPECT_NEAR(scores[2], 0.18, 1e-12);
  EXPECT_NEAR(scores[3], 0.10, 1e-12);
  EXPECT_NEAR(selection.account.terms[0][selection.rows[0].row], 0.7, 1e-12);
}

TEST(Deita, SaysWhoStandsForARowThatWasPassedOver) {
  const SampleTable table = table_of(five);
  const Selection selection =
      make("deita", {{"budget", 3}, {"minimum_distance", 0.2}})->select({table, 3});
  EXPECT_EQ(selection.excluded.at("nearer than 0.2 to a taken row"), 2);
  EXPECT_EQ(selection.account.instead[1], 0);
  EXPECT_EQ(selection.account.instead[3], 0);
  EXPECT_EQ(selection.account.rank[4], 3);
  EXPECT_EQ(selection.constraints.at(0).achieved, 3.0);
}

TEST(Deita, FallsShortOrFillsUp) {
  const SampleTable table = table_of(five);
  try {
    make("deita", {{"budget", 4}, {"minimum_distance", 0.2}})->select({table, 3});
    FAIL() << "took rows that are near";
  } catch (const ConstraintError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("only 3 are at least 0.2 apart"),
                                    HasSubstr("1 short"), HasSubstr("when_short=fill")));
  }
  const Selection filled =
      make("deita", {{"budget", 4}, {"minimum_distance", 0.2}, {"when_short", "fill"}})
          ->select({table, 3});
  EXPECT_EQ(ids(table, filled), (std::set<std::string>{"a", "b", "c", "e"}));
  EXPECT_EQ(filled.rows.back().stage, "fill");
  EXPECT_FALSE(filled.constraints.at(0).met);
  EXPECT_THAT(filled.warnings.at(0), HasSubstr("only 3 of 4"));
}

TEST(Deita, AVectorWithoutALengthIsNearNobody) {
  EXPECT_THAT(taken(table_of({{2, 2, 0, 0}, {1, 1, 0, 0}}), {{"budget", 2}}),
              ElementsAre("a", "b"));
}

TEST(Deita, RefusesWhatMakesNoSense) {
  auto rows = five;
  rows[2].quality = -1;
  try {
    make("deita", {{"budget", 2}})->select({table_of(rows), 3});
    FAIL() << "multiplied negative values";
  } catch (const ConstraintError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("'quality'"), HasSubstr("'c'"), HasSubstr("rank")));
  }
  EXPECT_NO_THROW(make("deita", {{"budget", 2}, {"scale", "rank"}})->select({table_of(rows), 3}));
  try {
    make("deita", {{"budget", 2}, {"embedding", "quality"}})->select({table_of(five), 3});
    FAIL() << "found vectors where there are none";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("'quality'"), HasSubstr("no vectors")));
  }
}

}  // namespace
}  // namespace winnow
