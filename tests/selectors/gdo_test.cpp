#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "config/read.h"
#include "tables.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::make;
using testing::make_table;
using testing::RandomPool;
using testing::Setting;

struct Counts {
  std::int64_t rows = 0, videos = 0, temporal = 0;
  std::map<std::string, std::int64_t> sources;
};

Counts count(const SampleTable& table, const Selection& selection) {
  Counts counts;
  for (const auto& row : selection.rows) {
    const RowFacts facts = table.rows().facts(row.row);
    ++counts.rows;
    ++counts.sources[facts.source];
    if (facts.modality == Modality::video) {
      ++counts.videos;
      if (facts.question_type == "temporal") ++counts.temporal;
    }
  }
  return counts;
}

TEST(Gdo, AWeightOfZeroRemovesTheColumn) {
  const auto columns = [](const std::vector<Setting>& settings) {
    return make("gdo", settings)->required_columns();
  };
  EXPECT_THAT(columns({}), ElementsAre());
  EXPECT_THAT(
      columns({{"weights.loss", -1.0}, {"weights.coverage", 1.0}, {"weights.answer_words", -1.0}}),
      ElementsAre("coverage", "loss"));
  EXPECT_THAT(columns({{"weights.loss", 0.0}, {"weights.coverage", 1.0}}), ElementsAre("coverage"));
  EXPECT_THAT(columns({{"source_prior.weight", 1.0}}), ElementsAre("visual_dependency"));
  EXPECT_THAT(columns({{"source_prior.weight", 1.0}, {"weights.visual_dependency", 0.0}}),
              ElementsAre());
  EXPECT_THAT(columns({{"reject.below.perplexity", 1.0},
                       {"strata", std::vector<std::string>{"cluster", "source"}}}),
              ElementsAre("cluster", "perplexity"));
}

// Two strata of 90 and 10 rows, a budget of 20: quotas follow size^exponent.
TEST(Gdo, QuotasFollowStratumSizes) {
  std::vector<RowFacts> rows;
  Column score = Column::missing("loss", 100);
  for (std::size_t i = 0; i < 100; ++i) {
    rows.push_back({fmt::format("{}", i), i < 90 ? "large" : "small", Modality::image, "static",
                    fmt::format("c{}", i), 1});
    score.set(i, static_cast<double>(i % 10));
  }
  SampleTable table(rows);
  table.add(score);
  const auto small_rows = [&](double exponent) {
    const auto selection = make("gdo", {{"budget", 20},
                                        {"weights.loss", -1.0},
                                        {"strata", std::vector<std::string>{"source"}},
                                        {"strata_exponent", exponent}})
                               ->select({table, 1});
    return count(table, selection).sources["small"];
  };
  EXPECT_EQ(small_rows(1.0), 2);
  EXPECT_EQ(small_rows(0.5), 5);  // 20 * sqrt(10) / (sqrt(90) + sqrt(10))
  EXPECT_EQ(small_rows(0.0), 10);
  // Within a stratum the lowest losses go first: two rows of the small one have losses 0 and 1.
  const auto selection = make("gdo", {{"budget", 20},
                                      {"weights.loss", -1.0},
                                      {"strata", std::vector<std::string>{"source"}},
                                      {"strata_exponent", 1.0}})
                             ->select({table, 1});
  const auto chosen = testing::ids(table, selection);
  EXPECT_EQ(chosen.count("90") + chosen.count("91"), 2U);
}

TEST(Gdo, RejectsByThresholdQuantileAndSource) {
  const SampleTable table = make_table({400, 4, 0.4, 0.5, 0.0, 0.0, true}, 5);
  const Column& column = table.column("visual_dependency");
  const auto selection =
      make("gdo", {{"budget", 50}, {"reject.below.visual_dependency", 0.5}})->select({table, 1});
  for (const auto& row : selection.rows) EXPECT_GE(column.values(row.row), 0.5);
  EXPECT_GT(selection.excluded.at("visual_dependency below 0.5"), 100);

  const auto quantile =
      make("gdo", {{"budget", 50}, {"reject.below_quantile.loss", 0.25}})->select({table, 1});
  EXPECT_NEAR(static_cast<double>(quantile.excluded.at("loss below quantile 0.25")), 100.0, 5.0);

  const auto words =
      make("gdo", {{"budget", 50}, {"reject.above.answer_words", 3}})->select({table, 1});
  for (const auto& row : words.rows) EXPECT_LE(table.rows().answer_words(row.row), 3);

  // The last source lies a standard deviation below the others and has an eighth of the rows.
  const auto last_source_rows = [&](double share) {
    const auto rest =
        make("gdo", {{"budget", 50}, {"source_prior.reject_quantile", share}})->select({table, 1});
    return count(table, rest).sources["source | 3"];
  };
  EXPECT_EQ(last_source_rows(0.2), 0);
  EXPECT_GT(last_source_rows(0.05), 0);  // whole sources or none
}

TEST(Gdo, SourcePriorPrefersGoodSources) {
  const SampleTable table = make_table({400, 4, 0.0, 0.0, 0.0, 0.0, true}, 5);
  const auto from_last = [&](double weight) {
    const auto selection =
        make("gdo", {{"budget", 100}, {"weights.coverage", 1.0}, {"source_prior.weight", weight}})
            ->select({table, 1});
    return count(table, selection).sources["source | 3"];
  };
  EXPECT_LT(from_last(3.0), from_last(0.0));
}

TEST(Gdo, WarnsOfColumnsThatSayNothing) {
  SampleTable table = make_table({100, 2, 0.5, 0.5, 0.0, 0.0, true}, 5);
  Column constant = Column::missing("constant", 100), sparse = Column::missing("sparse", 100);
  Column nowhere = Column::missing("nowhere", 100);
  for (std::size_t i = 0; i < 100; ++i) {
    constant.set(i, 4.0);
    if (i < 10) sparse.set(i, static_cast<double>(i));
    nowhere.set(i, CellState::not_applicable);
  }
  table.add(constant);
  table.add(sparse);
  table.add(nowhere);
  const auto selection = make("gdo", {{"budget", 10},
                                      {"weights.constant", 1.0},
                                      {"weights.sparse", 1.0},
                                      {"weights.nowhere", 1.0}})
                             ->select({table, 1});
  EXPECT_THAT(selection.warnings, ::testing::Contains(HasSubstr("constant is constant (4)")));
  EXPECT_THAT(selection.warnings, ::testing::Contains(HasSubstr("sparse is missing for")));
  EXPECT_THAT(selection.warnings, ::testing::Contains(HasSubstr("nowhere applies to no row")));
}

// A missing value must not beat a measured one that is average, nor poison the others.
TEST(Gdo, MissingValuesCostTheStatedPenalty) {
  std::vector<RowFacts> rows;
  Column column = Column::missing("loss", 101);
  for (std::size_t i = 0; i < 101; ++i) {
    rows.push_back(
        {fmt::format("{}", i), "s", Modality::image, "static", fmt::format("c{}", i), 1});
    if (i < 100) column.set(i, static_cast<double>(i));
  }
  column.values.edit()[100] = std::nan("");  // claims to be valid
  column.states.edit()[100] = static_cast<std::uint8_t>(CellState::valid);
  SampleTable table(rows);
  table.add(column);
  const auto selection =
      make("gdo", {{"budget", 101}, {"weights.loss", -2.0}, {"missing_penalty", 0.5}})
          ->select({table, 1});
  for (const auto& row : selection.rows) {
    ASSERT_TRUE(std::isfinite(row.score));
    if (row.row == 100) {
      EXPECT_DOUBLE_EQ(row.score, -1.0);
    }
  }
  EXPECT_EQ(selection.rows.front().row, 0U);
}

TEST(Gdo, RefusesContradictions) {
  const auto message = [](const std::vector<Setting>& settings) -> std::string {
    try {
      make("gdo", settings);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message({{"video_share_minimum", 0.6}, {"video_share_maximum", 0.5}}),
              HasSubstr("above video_share_maximum"));
  EXPECT_THAT(message({{"relax", std::vector<std::string>{"budgt"}}}), HasSubstr("'budget'"));
  EXPECT_THAT(message({{"source_floors.a", 0.7}, {"source_floors.b", 0.7}}), HasSubstr("1.4"));
  EXPECT_THAT(message({{"source_floor_rows", 600}, {"source_share_maximum", 0.5}}),
              HasSubstr("source_floor_rows (600)"));
  EXPECT_THAT(message({{"weights.loss", std::nan("")}}), HasSubstr("selector.weights.loss = nan"));
  const SampleTable table = make_table({}, 1);
  EXPECT_THROW(make("gdo", {{"budget", 10}, {"source_floors.nobody", 0.1}})->select({table, 1}),
               ConfigError);
}

// Every goal is a valid set of options that chooses from a pool, and says what it is for.
TEST(Goals, BindAndDiffer) {
  std::map<std::string, config::Value> goals;
  const auto folder = std::filesystem::path(WINNOW_SOURCE_DIR) / "configs/goal";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    config::Value settings = config::read_toml(entry.path()).at("selector");
    settings.erase("gdo_release");  // said to another selector
    settings.set("budget", config::Value(std::int64_t{100}, config::Origin{"test", 0}));
    settings.set("type", config::Value(std::string("gdo"), config::Origin{"test", 0}));
    goals[entry.path().stem()] = settings;
  }
  SampleTable table = make_table({2000, 12, 0.4, 0.5, 0.05, 0.05, false}, 3);
  Column diversity = table.column("coverage");
  diversity.name = "frame_diversity";
  table.add(diversity);
  std::map<std::string, Counts> counts;
  for (const auto& [name, settings] : goals) {
    counts[name] = count(table, selectors().create(settings, name)->select({table, 1}));
    EXPECT_EQ(counts[name].rows, 100) << name;
  }
  for (const auto* name : {"minloss", "diverse", "temp", "temp_plus"}) {
    ASSERT_EQ(goals.count(name), 1U) << name;
  }
  EXPECT_LT(goals["minloss"].at("weights.loss").number(), 0);
  for (const auto* other : {"diverse", "temp", "temp_plus"}) {
    EXPECT_EQ(goals[other].find("weights.loss"), nullptr) << other;
    EXPECT_GT(counts["temp_plus"].videos, counts["minloss"].videos);
  }
  EXPECT_GT(counts["temp_plus"].temporal, counts["temp"].temporal);
  EXPECT_GT(counts["temp"].videos, counts["diverse"].videos);
}

}  // namespace
}  // namespace winnow
