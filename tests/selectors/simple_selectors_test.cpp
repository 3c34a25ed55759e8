#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>

#include "config/read.h"
#include "core/files.h"
#include "tables.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using testing::make;

SampleTable ten_rows() {
  std::vector<RowFacts> rows;
  Column column = Column::missing("utility", 10);
  for (std::size_t i = 0; i < 10; ++i) {
    rows.push_back({fmt::format("r{}", i), "s", i < 4 ? Modality::video : Modality::image, "static",
                    fmt::format("c{}", i), 1});
    if (i != 9) column.set(i, static_cast<double>(i));
  }
  SampleTable table(rows);
  table.add(column);
  return table;
}

std::vector<std::string> in_order(const SampleTable& table, const Selection& selection) {
  std::vector<std::string> result;
  for (const auto& row : selection.rows) result.emplace_back(table.rows().id(row.row));
  return result;
}

TEST(TopK, TakesEitherEndAndASharePutsMissingLastOrOut) {
  const SampleTable table = ten_rows();
  EXPECT_THAT(in_order(table, make("top_k", {{"budget", 3}})->select({table, 1})),
              ::testing::ElementsAre("r8", "r7", "r6"));
  EXPECT_THAT(
      in_order(table, make("top_k", {{"budget", 2}, {"direction", "lowest"}})->select({table, 1})),
      ::testing::ElementsAre("r0", "r1"));
  // The share is of all ten rows, though one has no value.
  const auto share = make("top_k", {{"budget", 0}, {"share", 0.5}})->select({table, 1});
  EXPECT_THAT(in_order(table, share), ::testing::ElementsAre("r8", "r7", "r6", "r5", "r4"));
  EXPECT_EQ(share.excluded.at("utility missing"), 1);
  const auto last = make("top_k", {{"budget", 10}, {"missing", "last"}})->select({table, 1});
  EXPECT_EQ(in_order(table, last).back(), "r9");
  EXPECT_THAT(last.warnings, ::testing::ElementsAre(HasSubstr("1 of 10")));
  EXPECT_THROW(make("top_k", {{"budget", 10}})->select({table, 1}), ConstraintError);
  EXPECT_THROW(make("top_k", {{"budget", 10}, {"share", 0.5}}), ConfigError);
  EXPECT_THROW(make("top_k", {{"budget", 0}}), ConfigError);
}

TEST(TopK, RanksByTheWordsOfTheAnswerWithoutAColumn) {
  std::vector<RowFacts> rows(4);
  for (std::size_t i = 0; i < 4; ++i) {
    rows[i].id = rows[i].content_digest = fmt::format("r{}", i);
    rows[i].answer_words = static_cast<std::int64_t>(10 * (i % 3));
  }
  const SampleTable table(rows);
  const auto shortest =
      make("top_k", {{"budget", 2}, {"column", "answer_words"}, {"direction", "lowest"}});
  EXPECT_TRUE(shortest->required_columns().empty());
  EXPECT_EQ(testing::ids(table, shortest->select({table, 1})), (std::set<std::string>{"r0", "r3"}));
  EXPECT_THAT(
      in_order(table,
               make("top_k", {{"budget", 1}, {"column", "answer_words"}})->select({table, 1})),
      ::testing::ElementsAre("r2"));
}

TEST(KeyNaming, FindsTheOptionThatNamesAColumn) {
  const config::Value table = config::parse_toml(
      "type = \"gdo\"\nstrata = [\"source\", \"cluster\"]\nsource_prior.column = \"loss\"\n"
      "weights = {motion = 1, \"a.b\" = 2}\n",
      "test");
  EXPECT_EQ(key_naming(table, "cluster"), "strata");
  EXPECT_EQ(key_naming(table, "loss"), "source_prior.column");
  EXPECT_EQ(key_naming(table, "motion"), "weights.motion");
  EXPECT_EQ(key_naming(table, "a.b"), "weights.\"a.b\"");
  EXPECT_EQ(key_naming(table, "gdo"), "");
}

TEST(Candidates, ARowThatFailedLeavesItsPlaceToOneOfEqualContent) {
  std::vector<RowFacts> rows(3);
  for (std::size_t i = 0; i < 3; ++i) {
    rows[i].id = fmt::format("r{}", i);
    rows[i].content_digest = "the same";
  }
  const SampleTable table(rows);
  SelectionInput input{table, 1};
  input.unusable[0] = {measurement_failed("loss"), ""};
  const Selection selection = make("uniform", {{"budget", 1}})->select(input);
  EXPECT_EQ(testing::ids(table, selection), (std::set<std::string>{"r1"}));
  EXPECT_EQ(selection.excluded.at("duplicate content"), 1);
  EXPECT_EQ(selection.excluded.at("measurement failed: loss"), 1);
}

TEST(TopK, AShareIsOfTheRowsThatCouldBeMeasured) {
  const SampleTable table = ten_rows();
  SelectionInput input{table, 1};
  input.unusable[8] = {measurement_failed("loss"), ""};
  input.unusable[9] = {measurement_failed("loss"), ""};
  const Selection all = make("top_k", {{"share", 1.0}})->select(input);
  EXPECT_EQ(all.rows.size(), 8U);
  EXPECT_EQ(all.excluded.at("measurement failed: loss"), 2);
}

TEST(TopK, CapsWhatOneGroupMayTake) {
  std::vector<RowFacts> rows(6);
  Column utility = Column::missing("utility", 6), cluster = Column::missing("cluster", 6);
  for (std::size_t i = 0; i < 6; ++i) {
    rows[i].id = rows[i].content_digest = fmt::format("r{}", i);
    rows[i].source = i < 4 ? "large" : "small";
    utility.set(i, 10.0 - static_cast<double>(i));
    cluster.set(i, i % 2 == 0 ? 0.0 : 1.0);
  }
  SampleTable table(rows);
  table.add(utility);
  table.add(cluster);
  const auto capped = make("top_k", {{"budget", 4}, {"group_share_maximum", 0.5}});
  EXPECT_THAT(in_order(table, capped->select({table, 1})),
              ::testing::ElementsAre("r0", "r1", "r4", "r5"));
  EXPECT_THAT(capped->required_columns(), ::testing::ElementsAre("utility"));
  const auto by_cluster =
      make("top_k", {{"budget", 3}, {"group_share_maximum", 0.34}, {"group_by", "cluster"}});
  EXPECT_THAT(in_order(table, by_cluster->select({table, 1})),
              ::testing::ElementsAre("r0", "r1", "r2"));
  EXPECT_THAT(by_cluster->required_columns(), ::testing::ElementsAre("utility", "cluster"));
  const auto too_tight = make("top_k", {{"budget", 5}, {"group_share_maximum", 0.2}});
  EXPECT_THROW(too_tight->select({table, 1}), ConstraintError);
}

TEST(TopK, WeighsByRankWhereAsked) {
  const SampleTable table = ten_rows();
  const auto weighted =
      make("top_k", {{"budget", 3}, {"weight_ratio", 4.0}})->select({table, 1});  // 4 : 2 : 1
  EXPECT_THAT(in_order(table, weighted), ::testing::ElementsAre("r8", "r7", "r6"));
  ASSERT_EQ(weighted.rows.size(), 3U);
  for (const auto& [row, weight] :
       {std::pair<std::size_t, double>{0, 12.0 / 7}, {1, 6.0 / 7}, {2, 3.0 / 7}}) {
    EXPECT_DOUBLE_EQ(weighted.rows[row].weight, weight);
  }
  EXPECT_TRUE(weighted.is_weighted());
  const auto report = boost::json::parse(selection_report(table, weighted));
  EXPECT_DOUBLE_EQ(report.at("weights").at("largest").as_double(), 12.0 / 7);
  EXPECT_DOUBLE_EQ(report.at("weights").at("smallest").as_double(), 3.0 / 7);
  EXPECT_DOUBLE_EQ(report.at("weights").at("effective_rows").as_double(), 49.0 / 21);

  const auto plain = make("top_k", {{"budget", 3}})->select({table, 1});
  EXPECT_FALSE(plain.is_weighted());
  EXPECT_FALSE(boost::json::parse(selection_report(table, plain)).as_object().contains("weights"));
  EXPECT_NE(subset_digest(table, weighted), subset_digest(table, plain));
  const auto alone = make("top_k", {{"budget", 1}, {"weight_ratio", 4.0}})->select({table, 1});
  EXPECT_DOUBLE_EQ(alone.rows.front().weight, 1.0);
  EXPECT_THROW(make("top_k", {{"budget", 3}, {"weight_ratio", 0.5}}), ConfigError);
}

TEST(Uniform, DrawsEvenlyNestedAndByModality) {
  const SampleTable table = ten_rows();
  std::map<std::string, int> drawn;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const auto& id :
         in_order(table, make("uniform", {{"budget", 2}})->select({table, seed}))) {
      ++drawn[id];
    }
  }
  // Each row is expected 400 times; the standard deviation is 18.
  for (const auto& [id, times] : drawn) EXPECT_NEAR(times, 400, 90) << id;
  EXPECT_EQ(drawn.size(), 10U);

  const auto small = testing::ids(table, make("uniform", {{"budget", 3}})->select({table, 5}));
  const auto large = testing::ids(table, make("uniform", {{"budget", 7}})->select({table, 5}));
  EXPECT_TRUE(std::includes(large.begin(), large.end(), small.begin(), small.end()));

  // A share of the distinct rows; one of the two sizes, not both.
  const auto half = make("uniform", {{"budget", 0}, {"share", 0.5}})->select({table, 5});
  EXPECT_EQ(half.rows.size(), 5U);
  EXPECT_THROW(make("uniform", {{"budget", 10}, {"share", 0.5}}), ConfigError);
  EXPECT_THROW(make("uniform", {{"budget", 0}}), ConfigError);

  // Uni-10x of the release: so many times the rows of a selection; never a row twice.
  const auto twice = make("uniform", {{"budget", 3}, {"multiple", 2}})->select({table, 5});
  EXPECT_EQ(twice.rows.size(), 6U);
  EXPECT_EQ(testing::ids(table, twice).size(), 6U);
  try {
    make("uniform", {{"budget", 3}, {"multiple", 10}})->select({table, 5});
    FAIL() << "took more rows than there are";
  } catch (const ConstraintError& error) {
    EXPECT_THAT(error.what(), HasSubstr("20 short"));
  }

  const auto videos = make("uniform", {{"budget", 4}, {"modality", "video"}})->select({table, 5});
  EXPECT_EQ(testing::ids(table, videos), (std::set<std::string>{"r0", "r1", "r2", "r3"}));
  EXPECT_THROW(make("uniform", {{"budget", 5}, {"modality", "video"}})->select({table, 5}),
               ConstraintError);
}

TEST(SubsetDigest, DependsOnTheIdsAlone) {
  const SampleTable table = ten_rows();
  Selection one, same, other;
  one.rows = {{1, 0.5, "a"}, {2, 0.1, "a"}};
  same.rows = {{2, 0.0, "b"}, {1, 0.0, "b"}};
  other.rows = {{1, 0.5, "a"}};
  EXPECT_EQ(subset_digest(table, one), subset_digest(table, same));
  EXPECT_NE(subset_digest(table, one), subset_digest(table, other));
}

}  // namespace
}  // namespace winnow
