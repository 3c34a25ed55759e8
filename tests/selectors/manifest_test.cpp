#include "selectors/manifest.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <filesystem>

#include "core/files.h"
#include "pool/pool.h"
#include "selectors/explanation.h"
#include "tables.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::make;
using testing_support::temporary_folder;

class ManifestTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& folder, const SampleTable& table, const Selection& selection,
                    std::vector<std::string> columns = {}) const {
    config::Value config;
    config.set("type", config::Value(std::string("gdo"), config::Origin{"test", 0}));
    return write_selection(folder_ / folder, table, selection, {config, 1, std::move(columns), {}});
  }

  const fs::path folder_ = temporary_folder();
};

// Rows of a pool file in two orders, with an id that occurs twice and rows of equal content.
TEST_F(ManifestTest, ShuffledPoolLinesGiveTheSameManifest) {
  std::vector<std::string> lines;
  for (int i = 0; i < 60; ++i) {
    lines.push_back(json::serialize(json::object{
        {"id", i % 20 == 0 ? std::string("twice") : "row " + std::to_string(i)},
        {"source", "s" + std::to_string(i % 3)},
        {"messages",
         json::array{json::object{{"role", "user"},
                                  {"content", i % 2 == 0 ? "What is first?" : "What is it?"}},
                     json::object{{"role", "assistant"},
                                  {"content", "answer " + std::to_string(i % 50)}}}}}));
  }
  const auto manifest_of = [&](const std::string& name) {
    std::string content;
    for (const std::string& line : lines) content += line + "\n";
    write_file(folder_ / name / "pool.jsonl", content);
    PoolOptions options;
    options.files = {folder_ / name / "pool.jsonl"};
    const SampleTable table(Pool::read(options).shared_rows());
    const auto gdo = make("gdo", {{"budget", 20},
                                  {"weights.answer_words", -1.0},
                                  {"strata", std::vector<std::string>{"source"}}});
    return write(name, table, gdo->select({table, 1})) +
           write(name + "-uniform", table, make("uniform", {{"budget", 20}})->select({table, 1}));
  };
  const std::string first = manifest_of("first");
  RandomStream random(5, "tests/shuffle");
  for (int i = 0; i < 3; ++i) {
    random.shuffle(lines);
    EXPECT_EQ(manifest_of("shuffled" + std::to_string(i)), first);
  }
  lines.pop_back();
  EXPECT_NE(manifest_of("other"), first);
}

TEST_F(ManifestTest, TheHeadSaysWhatItWasMadeFrom) {
  SampleTable table = testing::make_table({}, 1);
  const auto gdo = make("gdo", {{"budget", 30}, {"weights.loss", -1.0}});
  const auto head = [&](const std::string& folder) {
    const std::string name = write(folder, table, gdo->select({table, 1}), {"loss"});
    const std::string content = read_file(folder_ / folder / name);
    return json::parse(content.substr(0, content.find('\n'))).as_object();
  };
  const json::object before = head("before");
  EXPECT_EQ(before.at("selector").at("type").as_string(), "gdo");
  EXPECT_EQ(before.at("selected").as_int64(), 30);
  EXPECT_EQ(before.at("subset").as_string(), subset_digest(table, gdo->select({table, 1})));
  EXPECT_TRUE(fs::exists(folder_ / "before" / before.at("candidates").as_string().c_str()));
  std::int64_t taken = 0;
  for (const json::value& stratum : before.at("strata").as_array()) {
    taken += stratum.at("taken").as_int64();
  }
  EXPECT_EQ(taken, 30);

  Column loss = table.column("loss");
  loss.set(0, 123.0);
  table.add(loss);
  const json::object after = head("after");
  EXPECT_EQ(after.at("inputs").at("rows"), before.at("inputs").at("rows"));
  EXPECT_NE(after.at("inputs").at("columns"), before.at("inputs").at("columns"));
  EXPECT_EQ(after.at("config_digest"), before.at("config_digest"));
}

TEST_F(ManifestTest, WeightsComeBackAndAreToldWhereRowsDiffer) {
  const SampleTable table = testing::make_table({}, 1);
  const auto of_ratio = [&](double ratio) {
    return make("top_k", {{"column", "loss"}, {"budget", 5}, {"weight_ratio", ratio}})
        ->select({table, 1});
  };
  const Selection weighted = of_ratio(3.0);
  write("weighted", table, weighted);
  const fs::path manifest = find_selection(folder_ / "weighted");
  const std::vector<SelectedSample> taken = read_selected(manifest);
  ASSERT_EQ(taken.size(), 5U);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    EXPECT_EQ(taken[i].id, table.rows().id(weighted.rows[i].row));
    EXPECT_DOUBLE_EQ(taken[i].weight, weighted.rows[i].weight);
  }
  EXPECT_THAT(explain_selection(manifest, taken[0].id),
              HasSubstr(fmt::format("weight   {:.4f}", taken[0].weight)));

  write("plain", table, of_ratio(1.0));
  const fs::path plain = find_selection(folder_ / "plain");
  EXPECT_THAT(read_file(plain), ::testing::Not(HasSubstr("weight")));
  EXPECT_EQ(read_selected(plain).at(0).weight, 1.0);
  EXPECT_THAT(explain_selection(plain, taken[0].id), ::testing::Not(HasSubstr("weight")));
}

// Ten rows of one stratum by loss, with a source that may give two rows at most.
TEST_F(ManifestTest, ExplainsRanksBordersAndMovedRows) {
  std::vector<RowFacts> rows;
  Column loss = Column::missing("loss", 10);
  for (std::size_t i = 0; i < 10; ++i) {
    rows.push_back({fmt::format("r{}", i), i < 5 ? "a" : "b", Modality::image, "static",
                    fmt::format("c{}", i), 1});
    loss.set(i, static_cast<double>(i));
  }
  SampleTable table(rows);
  table.add(loss);
  const auto gdo = make("gdo", {{"budget", 4},
                                {"weights.loss", -1.0},
                                {"strata", std::vector<std::string>{}},
                                {"source_share_maximum", 0.5}});
  write("it", table, gdo->select({table, 1}), {"loss"});
  const fs::path manifest = find_selection(folder_ / "it");
  EXPECT_THAT(explain_selection(manifest, "r0"),
              AllOf(HasSubstr("TAKEN by stage 'quota'"), HasSubstr("rank     1 of 10"),
                    HasSubstr("was not taken: 'r2'")));
  EXPECT_THAT(
      explain_selection(manifest, "r2"),
      AllOf(HasSubstr("NOT TAKEN"), HasSubstr("beaten by 2 taken rows"),
            HasSubstr("2 taken rows rank below it: constraints on sources"), HasSubstr("'r5'")));
  EXPECT_THAT(explain_selection(manifest, "r5"), HasSubstr("TAKEN by stage 'constraint'"));
  EXPECT_THAT(explain_selection(manifest, "r9"), HasSubstr("beaten by 4 taken rows"));
  try {
    explain_selection(manifest, "r99");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Did you mean 'r9'"));
  }
  write_file(folder_ / "broken" / "selection-x.jsonl", "{}\n");
  EXPECT_THROW(explain_selection(folder_ / "broken" / "selection-x.jsonl", "r1"), DataError);
}

}  // namespace
}  // namespace winnow
