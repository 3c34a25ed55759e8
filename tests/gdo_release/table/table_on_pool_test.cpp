#include "gdo_release/table/table_on_pool.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <boost/json.hpp>
#include <random>
#include <set>
#include <sstream>

#include "config/compose.h"
#include "core/errors.h"
#include "core/files.h"
#include "gdo_release/table/pair_table.h"
#include "golden.h"
#include "selectors/explanation.h"
#include "selectors/manifest.h"
#include "temporary_folder.h"

namespace winnow::gdo_release {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::find_golden;
using testing_support::read_golden;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  return lines;
}

std::string shuffled(const std::string& text) {
  std::vector<std::string> lines = lines_of(text);
  std::shuffle(lines.begin(), lines.end(), std::mt19937(5));
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

class TableOnPool : public ::testing::Test {
 protected:
  TableOnPool() : folder_(testing_support::temporary_folder()) { fs::remove_all(folder_); }
  ~TableOnPool() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& content) const {
    write_file(folder_ / name, content);
    return folder_ / name;
  }
  // The table `selector` that `winnow select` would compose.
  static std::unique_ptr<PoolSelector> selector(const std::string& metrics,
                                                std::vector<std::string> overrides) {
    overrides.push_back("selector.metrics=" + metrics);
    config::Value table =
        config::compose({{fs::path(WINNOW_SOURCE_DIR) / "configs"}, "select", overrides})
            .at("selector");
    table.erase("gdo_release");
    return table_selector_on_pool(table);
  }
  static config::Value pool(const fs::path& onevision, const fs::path& video) {
    config::Value value;
    value.set("type", config::Value(std::string("llava"), {}));
    value.set("onevision", config::Value(onevision.string(), {}));
    value.set("video", config::Value(video.string(), {}));
    return value;
  }
  fs::path output(const std::string& name) const {
    fs::create_directories(folder_ / name);
    return folder_ / name;
  }

  fs::path folder_;
};

class GoldenTableOnPool : public TableOnPool {};

TEST_F(GoldenTableOnPool, GoalsTakeTheSameRowsWhateverTheOrderOfLines) {
  const std::string image_rows = read_golden("gdo_release/pool/onevision.jsonl");
  const std::string video_rows = read_golden("gdo_release/pool/video.jsonl");
  const std::string metric_rows = read_golden("gdo_release/merged/k.jsonl");
  const fs::path metrics = write("metrics.jsonl", metric_rows);
  const auto in_order = pool(write("images.jsonl", image_rows), write("videos.jsonl", video_rows));
  const auto in_disorder = pool(write("images2.jsonl", shuffled(image_rows)),
                                write("videos2.jsonl", shuffled(video_rows)));

  const auto temp_plus = selector(metrics.string(), {"goal=temp_plus", "selector.budget=300"});
  const auto minloss = selector(metrics.string(), {"goal=minloss", "selector.budget=300"});
  const auto outcomes =
      temp_plus->select(in_order, {{temp_plus.get(), output("a")}, {minloss.get(), output("b")}});
  temp_plus->select(in_disorder, {{temp_plus.get(), output("c")}});

  EXPECT_THAT(outcomes.at(0).summary, HasSubstr("300 of "));
  const fs::path manifest = find_selection(folder_ / "a");
  EXPECT_EQ(manifest.filename(), find_selection(folder_ / "c").filename());
  EXPECT_NE(manifest.filename(), find_selection(folder_ / "b").filename());

  std::set<std::string> ids;
  for (const std::string& line : lines_of(read_file(folder_ / "a/subset.jsonl"))) {
    const json::value row = json::parse(line);
    ids.insert(std::string(row.at("qa_uid").as_string()));
    EXPECT_TRUE(row.at("messages").is_array());
    EXPECT_TRUE(row.at("meta").as_object().contains("filter_score"));
  }
  EXPECT_EQ(ids.size(), 300U);
  EXPECT_EQ(lines_of(read_file(folder_ / "a/uniform.jsonl")).size(), 3000U);

  const std::string taken = read_selected_ids(manifest).front();
  EXPECT_THAT(explain_selection(manifest, taken), HasSubstr("TAKEN by stage"));

  const auto weighted = selector(
      metrics.string(),
      {"selector=top_k", "selector.column=loss", "selector.budget=3", "selector.weight_ratio=4.0"});
  weighted->select(in_order, {{weighted.get(), output("weighted")}});
  std::vector<double> weights;
  for (const std::string& line : lines_of(read_file(folder_ / "weighted/subset.jsonl"))) {
    weights.push_back(json::parse(line).at("meta").at("weight").as_double());
  }
  EXPECT_THAT(weights,
              ::testing::ElementsAre(::testing::DoubleEq(12.0 / 7), ::testing::DoubleEq(6.0 / 7),
                                     ::testing::DoubleEq(3.0 / 7)));
}

TEST_F(TableOnPool, ColumnsNeedTheirMetricsBeforeAnythingIsRead) {
  EXPECT_THROW(
      {
        try {
          selector("", {"goal=temp"});
        } catch (const ConfigError& error) {
          EXPECT_THAT(error.what(), HasSubstr("selector.metrics=FILE"));
          throw;
        }
      },
      ConfigError);
  EXPECT_THROW(selector("m.jsonl", {"++selector.weights.beauty=1.0"}), ConfigError);
  EXPECT_THROW(selector("", {"++selector.seed=\"x\""}), ConfigError);
}

std::string image_row(const std::string& id, const std::string& answer) {
  return "{\"id\": \"" + id + "\", \"image\": [\"" + id + ".jpg\"], \"images\": [\"" + id +
         ".jpg\"], \"messages\": [{\"role\": \"user\", \"content\": \"<image>\\nWhat is "
         "it?\"}, {\"role\": \"assistant\", \"content\": \"" +
         answer + "\"}]}\n";
}

TEST_F(TableOnPool, FailedAndMissingMetricsAreStates) {
  const fs::path images = write(
      "images.jsonl", image_row("a", "a cat") + image_row("b", "a dog") + image_row("c", "a cow"));
  const fs::path videos = write("videos.jsonl", "");
  const fs::path metrics =
      write("metrics.jsonl",
            "{\"qa_uid\": \"ov::a::t0\", \"loss_video\": 1.0, \"loss_blind\": 1.5, \"vds\": 0.5, "
            "\"amm\": 0.0, \"tnc_score\": 0.0, \"self_consistency\": 0.25, \"cluster_id\": 3}\n"
            "{\"qa_uid\": \"ov::b::t0\", \"loss_video\": null, \"loss_blind\": null, \"vds\": 0.0, "
            "\"ppl\": 0.0, \"amm\": 0.0, \"self_consistency\": 0.5, \"cluster_id\": 3}\n"
            "nothing\n");
  const PairTable pool = read_pair_table(images, videos, metrics);
  ASSERT_EQ(pool.table.size(), 3U);
  const auto state = [&](const char* name, std::size_t row) {
    return static_cast<CellState>(pool.table.column(name).states(row));
  };
  EXPECT_EQ(pool.table.column("visual_dependency").values(0), 0.5);
  EXPECT_EQ(pool.table.column("coverage").values(0), 0.0);
  for (const char* name : {"loss", "perplexity", "visual_dependency", "self_consistency"}) {
    EXPECT_EQ(state(name, 0), CellState::valid) << name;
    EXPECT_EQ(state(name, 1), CellState::failed) << name;
    EXPECT_EQ(state(name, 2), CellState::missing) << name;
  }
  for (const char* name : {"optical_flow", "temporal_need", "frame_diversity"}) {
    EXPECT_EQ(state(name, 0), CellState::not_applicable) << name;
  }
  EXPECT_THAT(pool.warnings, Contains("1 of 3 pairs have no metrics"));
  EXPECT_THAT(pool.warnings, Contains("1 rows of the metrics are damaged"));
}

TEST_F(TableOnPool, IdsThatOccurTwiceAreToldApartAndRepeatsLeftOut) {
  const fs::path images =
      write("images.jsonl", image_row("a", "a cat") + image_row("a", "a dog") +
                                image_row("a", "a cat") + image_row("b", "a cat"));
  const PairTable pool = read_pair_table(images, write("videos.jsonl", ""), "");
  std::set<std::string> ids;
  for (std::size_t row = 0; row < pool.table.size(); ++row) {
    ids.emplace(pool.table.rows().id(row));
  }
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_THAT(pool.warnings, Contains("1 pairs repeat another one, id and all"));
  // Equal texts on another image are no duplicate.
  std::set<std::string> contents;
  for (std::size_t row = 0; row < pool.table.size(); ++row) {
    contents.insert(pool.table.rows().content_digest(row));
  }
  EXPECT_EQ(contents.size(), 3U);
}

// Whatever the release stumbled over ends in a selection or in an error that says what is wrong.
TEST_F(GoldenTableOnPool, EdgesAndLimitsEndInASelectionOrAnError) {
  std::set<std::string> names = {"edge"};
  std::error_code none;
  const fs::path limits = testing_support::golden_root() / "gdo_release/limits";
  for (const auto& entry : fs::directory_iterator(limits, none)) {
    names.insert("limits/" + entry.path().filename().string());
  }
  int selected = 0, refused = 0;
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const std::string golden = "gdo_release/" + name + "/";
    if (find_golden(golden + "onevision.jsonl").empty()) continue;
    const fs::path images = write(name + "/o.jsonl", read_golden(golden + "onevision.jsonl"));
    const fs::path videos = write(name + "/v.jsonl", read_golden(golden + "video.jsonl"));
    fs::path metrics;
    if (!find_golden(golden + "metrics.jsonl").empty()) {
      metrics = write(name + "/m.jsonl", read_golden(golden + "metrics.jsonl"));
    }
    std::vector<std::string> overrides = {"selector.budget=2", "selector.standardise_within=[]"};
    if (!metrics.empty()) overrides.push_back("++selector.weights.visual_dependency=1.0");
    try {
      const auto it = selector(metrics.string(), overrides);
      const auto outcome =
          it->select(pool(images, videos), {{it.get(), output(name + "/out")}}).front();
      EXPECT_EQ(lines_of(read_file(folder_ / name / "out/subset.jsonl")).size(), 2U);
      ++selected;
      if (name == "edge") {
        EXPECT_THAT(outcome.warnings, Contains(HasSubstr("rows of the pool were skipped")));
      }
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), AnyOf(HasSubstr(".jsonl"), HasSubstr("short"))) << name;
      ++refused;
    }
  }
  EXPECT_GT(selected, 10);
  EXPECT_GT(refused, 1);
}

}  // namespace
}  // namespace winnow::gdo_release
