// What is made of a utility's columns: folds of anchors, toxic samples, agreement of estimators.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

#include "core/errors.h"
#include "core/files.h"
#include "experiments/comparison/composition.h"
#include "experiments/comparison/toxic.h"
#include "experiments/estimators/estimator_agreement.h"
#include "experiments/stages/utility_folds.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SampleTable table_of(std::size_t rows) {
  std::vector<RowFacts> facts(rows);
  for (std::size_t i = 0; i < rows; ++i) facts[i].id = fmt::format("s{}", i);
  return SampleTable(facts);
}

Column column_of(const std::string& name, const std::vector<double>& values) {
  Column column = Column::missing(name, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) column.set(i, values[i]);
  return column;
}

TEST(UtilityFolds, TakeTheAnchorsInTurnAndJoinToTheirMean) {
  AnchorSet set{"all", {"a", "b", "c", "d", "e"}, std::vector<ModelInput>(5)};
  const std::vector<AnchorSet> parts = measured_sets({set}, {2, {}});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_THAT(parts[0].ids, ElementsAre("a", "c", "e"));
  EXPECT_THAT(parts[1].ids, ElementsAre("b", "d"));
  EXPECT_THROW(measured_sets({set}, {6, {}}), ConfigError);

  SampleTable measured = table_of(2);
  measured.add(column_of("utility.all-0", {1.0, 3.0}));
  measured.add(column_of("utility.all-1", {2.0, NAN}));
  measured.add(column_of("loss", {5.0, 6.0}));
  const SampleTable joined = join_parts(measured, {"loss", "utility"}, {set}, {2, {}});
  EXPECT_THAT(joined.column_names(), ElementsAre("loss", "utility", "utility.error"));
  // Three anchors of five count for the first part.
  EXPECT_DOUBLE_EQ(joined.column("utility").values(0), 0.6 * 1.0 + 0.4 * 2.0);
  EXPECT_DOUBLE_EQ(joined.column("utility.error").values(0),
                   std::sqrt((0.4 * 0.4 + 0.6 * 0.6) / 2.0));
  EXPECT_FALSE(joined.column("utility").valid(1));
  EXPECT_EQ(joined.column("utility").states(1), static_cast<std::uint8_t>(CellState::failed));
}

TEST(UtilityFolds, TakeOffWhatIsSaidAgainstAContrast) {
  const AnchorSet set{"all", {"a", "b"}, std::vector<ModelInput>(2)};
  const AnchorParts parts{1, std::vector<ModelInput>(3)};
  const std::vector<AnchorSet> sets = measured_sets({set}, parts);
  ASSERT_EQ(sets.size(), 2U);
  EXPECT_EQ(sets[0].inputs.size(), 2U);
  EXPECT_EQ(sets[1].inputs.size(), 3U);
  SampleTable measured = table_of(2);
  measured.add(column_of("utility." + sets[0].name, {1.0, 3.0}));
  measured.add(column_of("utility." + sets[1].name, {0.5, 4.0}));
  const SampleTable joined = join_parts(measured, {"utility"}, {set}, parts);
  EXPECT_THAT(joined.column_names(), ElementsAre("utility"));
  EXPECT_DOUBLE_EQ(joined.column("utility").values(0), 0.5);
  EXPECT_DOUBLE_EQ(joined.column("utility").values(1), -1.0);
  // Without parts and contrast all stays as it is.
  EXPECT_THAT(join_parts(measured, {"utility"}, {set}, {}).column_names(),
              ElementsAre("utility." + sets[1].name, "utility." + sets[0].name));
}

TEST(Toxic, IsBelowZeroByMoreThanTheNoise) {
  SampleTable table = table_of(5);
  table.add(column_of("utility", {1.0, -1.0, -1.0, -4.0, NAN}));
  table.add(column_of("utility.error", {0.1, 0.6, 0.4, 1.0, 1.0}));
  const std::vector<ToxicRows> found = toxic_rows(table);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].rows, ElementsAre(3, 2));
  EXPECT_EQ(found[0].measured, 4);
  EXPECT_EQ(found[0].negative, 3);

  std::vector<Sample> samples(5);
  std::string lines;
  for (std::size_t i = 0; i < 5; ++i) {
    samples[i].id = "s" + std::to_string(i);
    lines += fmt::format("{{\"id\": \"s{}\", \"wrong\": {}}}\n", i, i == 3);
    samples[i].turns = {{Turn::Role::user, std::string(kMediaPlaceholder) + "\nHow many?"},
                        {Turn::Role::assistant, "The answer is 3."}};
  }
  const auto folder = testing_support::temporary_folder();
  std::filesystem::create_directories(folder);
  write_file(folder / "labels.jsonl", lines);
  const HiddenLabels labels(folder / "labels.jsonl");
  std::filesystem::remove_all(folder);
  const Pool pool(samples);
  EXPECT_TRUE(toxic_facts(table, found, pool, {}).at("utility").at("wrong").is_null());
  const boost::json::object facts = toxic_facts(table, found, pool, labels);
  EXPECT_DOUBLE_EQ(facts.at("utility").at("wrong").as_double(), 0.5);
  EXPECT_DOUBLE_EQ(facts.at("utility").at("wrong_in_pool").as_double(), 0.25);
  const std::string text = to_terminal({toxic_table(facts, 7, 8)}, false);
  EXPECT_THAT(text, HasSubstr("s3: How many? | The answer is 3."));
  EXPECT_THAT(text, HasSubstr("50.0"));
  EXPECT_THAT(toxic_line(table, found[0], 3, samples[3]), HasSubstr("\"utility\":-4E0"));
}

TEST(Areas, AreAveragedOverDrawsAndUndefinedWhereOneIs) {
  const auto measured = [](const boost::json::value& video, double all) {
    return boost::json::object{{"utility", {{"all", all}, {"video", video}, {"valid", 10}}}};
  };
  const boost::json::object mean = mean_areas({measured(0.5, 0.4), measured(nullptr, 0.6)});
  EXPECT_DOUBLE_EQ(mean.at("utility").at("all").as_double(), 0.5);
  EXPECT_TRUE(mean.at("utility").at("video").is_null());
  EXPECT_DOUBLE_EQ(mean.at("utility").at("valid").as_double(), 10.0);
}

TEST(Agreement, IsOfRanksAndOfTheTop) {
  const Column a = column_of("a", {1, 2, 3, 4, 5});
  const Agreement same = agreement_of(column_of("b", {1, 8, 27, 64, 125}), a, 0.4);
  EXPECT_DOUBLE_EQ(same.rank_correlation, 1.0);
  EXPECT_DOUBLE_EQ(same.overlap, 1.0);
  const Agreement turned = agreement_of(column_of("b", {5, 4, 3, 2, 1}), a, 0.4);
  EXPECT_DOUBLE_EQ(turned.rank_correlation, -1.0);
  EXPECT_DOUBLE_EQ(turned.overlap, 0.0);
  // Spearman with a tie by hand: ranks 0.5, 0.5, 2, 3 against 0, 1, 2, 3.
  const Agreement tied =
      agreement_of(column_of("b", {1, 1, 2, 3}), column_of("a", {1, 2, 3, 4}), 0.5);
  EXPECT_NEAR(tied.rank_correlation, 4.5 / std::sqrt(4.5 * 5.0), 1e-12);
  EXPECT_TRUE(std::isnan(
      agreement_of(column_of("b", {1, NAN}), column_of("a", {1, 2}), 0.5).rank_correlation));
}

}  // namespace
}  // namespace winnow
