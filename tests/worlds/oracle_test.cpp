#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "core/errors.h"
#include "core/files.h"
#include "selectors/tables.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using testing::make;

TEST(Oracle, TakesCleanRowsEquallyOverQuestionTypes) {
  const auto file =
      std::filesystem::temp_directory_path() / fmt::format("winnow-oracle-{}.jsonl", getpid());
  std::vector<RowFacts> rows;
  std::string labels;
  std::set<std::string> dirty;
  for (std::size_t i = 0; i < 120; ++i) {
    const bool video = i % 3 == 0;
    rows.push_back({fmt::format("r{}", i), "s", video ? Modality::video : Modality::image, "static",
                    fmt::format("c{}", i), 1});
    // Of every kind of flaw a few; types 0 and 1 of each modality, type 0 more often.
    const std::size_t flaw = i % 10;
    if (flaw < 5) dirty.insert(rows.back().id);
    labels += fmt::format(
        R"({{"id":"r{}","source":"s","type":"{}","temporal":false,"wrong":"{}","true_answer":"a",)"
        R"("blind":{},"verbose":{},"static_video":{},"near_duplicate":{},"duplicate_group":{}}})"
        "\n",
        i, i % 4 == 0 ? "few" : "many", flaw == 0 ? "mirrored" : "", flaw == 1, flaw == 2,
        flaw == 3, flaw == 4, flaw == 5 ? 7 : -1);
  }
  write_file(file, labels);
  const SampleTable table(rows);
  const auto select = [&](std::int64_t budget, double video_share) {
    return make("oracle",
                {{"budget", budget}, {"video_share", video_share}, {"labels", file.string()}})
        ->select({table, 1});
  };
  const Selection selection = select(20, 0.4);
  std::map<std::pair<bool, bool>, int> taken;  // video, type "few"
  int of_group = 0;
  for (const auto& row : selection.rows) {
    EXPECT_EQ(dirty.count(std::string(table.rows().id(row.row))), 0U);
    ++taken[{row.row % 3 == 0, row.row % 4 == 0}];
    if (row.row % 10 == 5) ++of_group;
  }
  EXPECT_LE(of_group, 1);  // rows that ask the same of the same scene
  EXPECT_EQ((taken[{true, true}] + taken[{true, false}]), 8);
  EXPECT_EQ((taken[{true, true}]), 4);
  EXPECT_EQ((taken[{false, true}]), 6);
  EXPECT_EQ(selection.excluded.at("wrong answer"), 12);
  EXPECT_EQ(selection.excluded.at("static video"), 12);
  EXPECT_THROW(select(20, 1.0), ConstraintError);
  const auto share = make("oracle", {{"share", 0.1}, {"labels", file.string()}});
  EXPECT_TRUE(share->reads_hidden_labels());
  EXPECT_EQ(share->select({table, 1}).rows.size(), 12U);  // of all rows, flawed or not
  const SampleTable other = testing::shuffled(table, 2);
  EXPECT_EQ(testing::ids(table, share->select({table, 1})),
            testing::ids(other, share->select({other, 1})));
  try {
    make("oracle", {{"budget", 500}, {"labels", file.string()}})->select({table, 1});
    FAIL() << "took more rows than there are";
  } catch (const ConstraintError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the budget is 500 rows"));
  }
  EXPECT_THROW(make("oracle", {{"budget", 5}, {"share", 0.1}}), ConfigError);
  EXPECT_THROW(make("oracle", {{"budget", 5}})->select({table, 1}), ConfigError);
  // Those of the pool, where its options name none.
  SelectionInput of_pool{table, 1};
  of_pool.labels = file;
  EXPECT_EQ(make("oracle", {{"budget", 5}})->select(of_pool).rows.size(), 5U);
  // A user's own labels say what they say.
  std::string few;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    few += fmt::format("{{\"id\":\"r{}\",\"wrong\":{}}}\n", i, i % 2 == 0);
  }
  const auto own = file.string() + ".own";
  write_file(own, few);
  const Selection by_own = make("oracle", {{"budget", 60}, {"labels", own}})->select({table, 1});
  for (const auto& row : by_own.rows) EXPECT_EQ(row.row % 2, 1U);
  write_file(own, "{\"id\":\"r0\",\"wrong\":3}\n");
  EXPECT_THROW(make("oracle", {{"budget", 5}, {"labels", own}})->select({table, 1}), DataError);
  std::filesystem::remove(own);
  rows[0].id = "of another world";
  EXPECT_THROW(
      make("oracle", {{"budget", 5}, {"labels", file.string()}})->select({SampleTable(rows), 1}),
      DataError);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace winnow
