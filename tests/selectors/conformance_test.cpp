// What every registered selector must do, found through the registry: a new one is tested here
// without a change, as long as it works with its default options or has its settings below.

#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <map>

#include "core/files.h"
#include "core/hash.h"
#include "selectors/explanation.h"
#include "selectors/manifest.h"
#include "tables.h"

namespace winnow {
namespace {

using testing::make;
using testing::RandomPool;
using testing::Setting;

constexpr std::int64_t kBudget = 40;

class Conformance : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              fmt::format("winnow-selectors-{}-{}", getpid(), GetParam());
    std::filesystem::create_directories(folder_);
    table_ = testing::make_table({}, 7);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Selector> selector(std::int64_t budget) const {
    std::vector<Setting> settings = {{"budget", budget}};
    if (GetParam() == "top_k") {
      settings.emplace_back("column", "visual_dependency");
      settings.emplace_back("weight_ratio", 4.0);
    }
    if (GetParam() == "deita") {
      settings.emplace_back("complexity", "perplexity");
      settings.emplace_back("quality", "self_consistency");
      settings.emplace_back("scale", "rank");
      settings.emplace_back("minimum_distance", 0.2);
    }
    if (GetParam() == "gdo") {
      settings.emplace_back("weights.visual_dependency", 1.0);
      settings.emplace_back("weights.optical_flow", 0.5);
      settings.emplace_back("weights.answer_words", -0.5);
      settings.emplace_back("source_prior.weight", 1.0);
      settings.emplace_back("strata", std::vector<std::string>{"source", "cluster"});
      settings.emplace_back("video_share_minimum", 0.5);
      settings.emplace_back("temporal_share_minimum", 0.3);
      settings.emplace_back("source_floor_rows", 3);
    }
    auto made = make(GetParam(), settings);
    for (const std::string& name : made->required_columns()) {
      if (!table_.contains(name)) table_.add(testing::column_of_numbers(table_, name));
    }
    return made;
  }

  std::filesystem::path folder_;
  mutable SampleTable table_;  // grows by the columns that a selector asks for
};

TEST_P(Conformance, TakesExactlyItsBudgetOfDistinctRows) {
  const Selection selection = selector(kBudget)->select({table_, 3});
  EXPECT_EQ(selection.rows.size(), static_cast<std::size_t>(kBudget));
  EXPECT_EQ(testing::ids(table_, selection).size(), static_cast<std::size_t>(kBudget));
  std::set<std::string> contents;
  double weights = 0.0;
  for (const auto& row : selection.rows) {
    ASSERT_LT(row.row, table_.size());
    EXPECT_FALSE(row.stage.empty());
    EXPECT_TRUE(std::isfinite(row.score));
    EXPECT_GT(row.weight, 0.0);
    weights += row.weight;
    contents.insert(table_.rows().content_digest(row.row));
  }
  EXPECT_NEAR(weights, kBudget, 1e-9);  // a mean of 1
  EXPECT_EQ(contents.size(), static_cast<std::size_t>(kBudget)) << "content taken twice";
}

TEST_P(Conformance, SaysWhatIsShortWhenThePoolIsTooSmall) {
  const auto budget = testing::distinct_contents(table_) + 1;
  try {
    selector(budget)->select({table_, 3});
    FAIL() << "took more rows than there are";
  } catch (const ConstraintError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("budget"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("short"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("duplicate content"));
  }
}

TEST_P(Conformance, IsDeterministicAndIndependentOfRowOrder) {
  const auto chosen = selector(kBudget);
  const Selection selection = chosen->select({table_, 3});
  for (std::uint64_t shuffle = 0; shuffle < 5; ++shuffle) {
    const SampleTable other = testing::shuffled(table_, shuffle);
    const Selection again = chosen->select({other, 3});
    EXPECT_EQ(testing::ids(table_, selection), testing::ids(other, again));
    EXPECT_EQ(subset_digest(table_, selection), subset_digest(other, again));
    ASSERT_EQ(selection.rows.size(), again.rows.size());
    for (std::size_t i = 0; i < selection.rows.size(); ++i) {
      EXPECT_EQ(table_.rows().id(selection.rows[i].row), other.rows().id(again.rows[i].row));
      EXPECT_EQ(selection.rows[i].score, again.rows[i].score);
      EXPECT_EQ(selection.rows[i].weight, again.rows[i].weight);
    }
  }
}

TEST_P(Conformance, ReportsEverything) {
  const Selection selection = selector(kBudget)->select({table_, 3});
  const auto report = boost::json::parse(selection_report(table_, selection)).as_object();
  EXPECT_EQ(report.at("selected").as_int64(), kBudget);
  EXPECT_EQ(report.at("digest").as_string(), subset_digest(table_, selection));
  for (const char* part : {"sources", "modalities", "question_types"}) {
    std::int64_t selected = 0, pool = 0;
    for (const auto& [name, count] : report.at(part).as_object()) {
      selected += count.at("selected").as_int64();
      pool += count.at("pool").as_int64();
    }
    EXPECT_EQ(selected, kBudget) << part;
    EXPECT_EQ(pool, static_cast<std::int64_t>(table_.size())) << part;
  }
  const auto duplicates =
      static_cast<std::int64_t>(table_.size()) - testing::distinct_contents(table_);
  ASSERT_GT(duplicates, 0);
  EXPECT_EQ(report.at("excluded").at("duplicate content").as_int64(), duplicates);
  for (const auto& constraint : selection.constraints) EXPECT_TRUE(constraint.met);
}

// Every row is either excluded or has a rank in a stratum, and the counts say the same.
TEST_P(Conformance, AccountsForEveryRow) {
  const Selection selection = selector(kBudget)->select({table_, 3});
  const Account& account = selection.account;
  ASSERT_EQ(account.reason.size(), table_.size());
  std::map<std::string, std::int64_t> excluded;
  std::vector<std::set<std::int64_t>> ranks(account.strata.size());
  for (std::size_t row = 0; row < table_.size(); ++row) {
    if (account.reason[row] != Account::kNone) {
      ++excluded[account.reasons.at(static_cast<std::size_t>(account.reason[row]))];
      EXPECT_EQ(account.stratum[row], Account::kNone);
      continue;
    }
    ASSERT_NE(account.stratum[row], Account::kNone) << "row " << row << " is not accounted for";
    EXPECT_TRUE(
        ranks.at(static_cast<std::size_t>(account.stratum[row])).insert(account.rank[row]).second);
  }
  EXPECT_EQ(excluded, selection.excluded);
  std::vector<std::int64_t> taken(account.strata.size(), 0);
  for (const SelectedRow& row : selection.rows) {
    ++taken.at(static_cast<std::size_t>(account.stratum[row.row]));
    EXPECT_EQ(row.score, account.score[row.row]);
    EXPECT_EQ(account.terms_of(row.row).size(), account.term_names.size());
  }
  for (std::size_t h = 0; h < account.strata.size(); ++h) {
    const StratumReport& stratum = account.strata[h];
    EXPECT_EQ(taken[h], stratum.taken) << stratum.name;
    EXPECT_EQ(static_cast<std::int64_t>(ranks[h].size()), stratum.rows) << stratum.name;
    if (ranks[h].empty()) continue;
    EXPECT_EQ(*ranks[h].begin(), 1);
    EXPECT_EQ(*ranks[h].rbegin(), stratum.rows);
  }
}

TEST_P(Conformance, WritesOneManifestForAnyOrderOfRowsAndExplainsAll) {
  const auto chosen = selector(kBudget);
  const auto write = [&](const SampleTable& table, std::uint64_t seed, const std::string& folder) {
    return write_selection(folder_ / folder, table, chosen->select({table, seed}),
                           {config::Value(),
                            seed,
                            chosen->required_columns(),
                            {{"leaked", "in an evaluation set", "question 7"}}});
  };
  const std::string name = write(table_, 3, "a");
  EXPECT_EQ(name, "selection-" + digest_of(read_file(folder_ / "a" / name)) + ".jsonl");
  EXPECT_EQ(write(testing::shuffled(table_, 1), 3, "b"), name);
  EXPECT_NE(write(table_, 4, "c"), name);
  const auto manifest = find_selection(folder_ / "a");
  EXPECT_EQ(manifest.filename(), name);
  EXPECT_THROW(find_selection(folder_), DataError);

  std::set<std::string> taken;
  for (const auto& id : read_selected_ids(manifest)) taken.insert(id);
  const Selection selection = chosen->select({table_, 3});
  EXPECT_EQ(taken, testing::ids(table_, selection));
  EXPECT_THAT(explain_selection(manifest, "leaked"),
              ::testing::AllOf(::testing::HasSubstr("in an evaluation set"),
                               ::testing::HasSubstr("question 7")));
  for (std::size_t row = 0; row < table_.size(); row += 7) {
    const std::string text = explain_selection(manifest, std::string(table_.rows().id(row)));
    const std::int32_t reason = selection.account.reason[row];
    if (reason != Account::kNone) {
      EXPECT_THAT(
          text, ::testing::HasSubstr(selection.account.reasons[static_cast<std::size_t>(reason)]));
    } else {
      EXPECT_THAT(text, ::testing::StartsWith(
                            taken.count(std::string(table_.rows().id(row))) > 0 ? "TAKEN" : "NOT"));
      EXPECT_THAT(text,
                  ::testing::HasSubstr(fmt::format("rank     {} of", selection.account.rank[row])));
    }
  }
  EXPECT_THROW(explain_selection(manifest, "row-0000x"), DataError);
}

// What could not be measured is excluded and listed; another row of equal content may stand for it.
TEST_P(Conformance, TakesNoRowThatCouldNotBeMeasured) {
  const auto chosen = selector(kBudget);
  // Rows that would be taken: of one a cell failed, another is named, a third repeats a failed one.
  const Selection before = chosen->select({table_, 3});
  const std::size_t failed = before.rows[0].row, named = before.rows[1].row;
  SampleTable table(table_);
  Column measured = Column::missing("measured", table.size());
  for (std::size_t row = 0; row < table.size(); ++row) measured.set(row, 1.0);
  measured.set(failed, CellState::failed);
  table.add(measured);
  const auto select = [&](const SampleTable& of) {
    SelectionInput input{of, 3};
    const auto row = of.rows().find(table_.rows().id(named));
    input.unusable[row.value()] = {measurement_failed("utility"), "x.png: cannot be decoded"};
    return chosen->select(input);
  };
  const Selection selection = select(table);
  EXPECT_EQ(selection.rows.size(), static_cast<std::size_t>(kBudget));
  for (const SelectedRow& row : selection.rows) {
    EXPECT_NE(row.row, failed);
    EXPECT_NE(row.row, named);
  }
  EXPECT_EQ(selection.excluded.at("measurement failed: measured"), 1);
  EXPECT_EQ(selection.excluded.at("measurement failed: utility"), 1);
  const SampleTable other = testing::shuffled(table, 2);
  EXPECT_EQ(testing::ids(table, selection), testing::ids(other, select(other)));

  const auto report = boost::json::parse(selection_report(table, selection)).as_object();
  EXPECT_EQ(report.at("unusable").as_array().size(), 2U);
  write_selection(folder_ / "failed", table, selection, {config::Value(), 3, {}, {}});
  EXPECT_THAT(
      explain_selection(find_selection(folder_ / "failed"), std::string(table.rows().id(named))),
      ::testing::AllOf(::testing::HasSubstr("measurement failed: utility"),
                       ::testing::HasSubstr("x.png: cannot be decoded")));
}

TEST_P(Conformance, HasAConfigFileAndNamesItsColumns) {
  const auto file =
      std::filesystem::path(WINNOW_SOURCE_DIR) / "configs/selector" / (GetParam() + ".toml");
  ASSERT_TRUE(std::filesystem::exists(file)) << file;
  EXPECT_THAT(read_file(file), ::testing::HasSubstr("type = \"" + GetParam() + "\""));
  // A table with the required columns and no other suffices.
  const auto chosen = selector(kBudget);
  SampleTable small(table_.rows());
  for (const auto& name : chosen->required_columns()) small.add(table_.column(name));
  EXPECT_EQ(testing::ids(small, chosen->select({small, 3})),
            testing::ids(table_, chosen->select({table_, 3})));
  for (const auto& missing : chosen->required_columns()) {
    SampleTable lacking(table_.rows());
    for (const auto& name : chosen->required_columns()) {
      if (name != missing) lacking.add(table_.column(name));
    }
    EXPECT_THROW(chosen->select({lacking, 3}), ConfigError) << missing;
  }
}

INSTANTIATE_TEST_SUITE_P(Selectors, Conformance, ::testing::ValuesIn(selectors().names()),
                         [](const auto& parameter) { return parameter.param; });

TEST(Selectors, AreRegistered) {
  EXPECT_THAT(selectors().names(), ::testing::IsSupersetOf({"gdo", "top_k", "uniform"}));
  EXPECT_FALSE(make("uniform", {})->reads_hidden_labels());
}

}  // namespace
}  // namespace winnow
