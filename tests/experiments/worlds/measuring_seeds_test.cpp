// What the seed of a run draws when its pool is measured, and what runs share.

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>

#include "config/compose.h"
#include "core/files.h"
#include "core/progress.h"
#include "experiments/measured_setting.h"
#include "overrides.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class MeasuringSeedsTest : public testing::Test {
 protected:
  MeasuringSeedsTest() {
    Progress::set_enabled(false);
    ::setenv("WINNOW_HOME", WINNOW_SOURCE_DIR,
             0);  // as the program does, for models that come with it
  }
  ~MeasuringSeedsTest() override { fs::remove_all(folder_); }

  static config::Value config(const std::vector<std::string>& further) {
    std::vector<std::string> overrides = {
        "experiment=ost",        "scale=smoke",
        "world.questions=200",   "world.questions_per_benchmark=13",
        "base.image_samples=64", "base.video_samples=64",
        "base.tower_frames=100", "base.tower_epochs=1",
        "trainer.checkpoints=1", "proxy.warm_up_share=0.2"};
    return config::compose({{fs::path(WINNOW_SOURCE_DIR) / "configs"},
                            "winnow",
                            testing_support::with_overrides(overrides, further)});
  }

  struct Found {
    fs::path first, second;  // folders of the utility with two seeds
    double seconds_of_first = 0.0, seconds_of_both = 0.0;
    std::string anchors(const fs::path& folder) const { return read_file(folder / "anchors.json"); }
  };
  Found measure(const std::vector<std::string>& further) {
    const config::Value tables = config(further);
    StageCache stages(folder_ / "stages", false);
    testing_support::MeasuredSetting measured(tables, 100, stages);
    Measurements& measurements = measured.measurements;
    const std::vector<std::string> columns = measured.columns.utility()->columns();
    return {measurements.utility(100).folder, measurements.utility(101).folder,
            measurements.cost(columns, {100}).cpu_seconds,
            measurements.cost(columns, {100, 101}).cpu_seconds};
  }

  const fs::path folder_ = testing_support::temporary_folder();
};

TEST_F(MeasuringSeedsTest, DrawProxyAndAnchorsUnlessToldToShareThem) {
  const std::vector<std::string> anchors = {"held_out.questions=40", "anchors.sets.all.count=8"};
  const auto with = [&](std::vector<std::string> further) {
    further.insert(further.end(), anchors.begin(), anchors.end());
    return measure(further);
  };
  const Found own = with({});
  EXPECT_NE(own.first, own.second);
  EXPECT_NE(own.anchors(own.first), own.anchors(own.second));
  EXPECT_GT(own.seconds_of_both, own.seconds_of_first);

  const Found same_anchors = with({"anchors.per_seed=false"});
  EXPECT_EQ(same_anchors.first, own.first);  // the world's seed draws as the run of that seed does
  EXPECT_NE(same_anchors.first, same_anchors.second);
  EXPECT_EQ(own.anchors(own.first), own.anchors(same_anchors.second));

  const Found same_proxy = with({"proxy.per_seed=false"});
  EXPECT_EQ(same_proxy.first, own.first);
  EXPECT_NE(same_proxy.second, own.first);
  EXPECT_NE(same_proxy.second, own.second);
  EXPECT_EQ(own.anchors(own.second), own.anchors(same_proxy.second));

  const Found same = with({"anchors.per_seed=false", "proxy.per_seed=false"});
  EXPECT_EQ(same.first, own.first);
  EXPECT_EQ(same.second, own.first);
  EXPECT_DOUBLE_EQ(same.seconds_of_both, same.seconds_of_first);
}

TEST_F(MeasuringSeedsTest, HaveNothingToDrawWithoutAnchorsAndWarmUp) {
  const Found loss = measure({"utility=loss", "~anchors", "proxy.warm_up_share=0.0"});
  EXPECT_EQ(loss.first, loss.second);
}

TEST_F(MeasuringSeedsTest, AnEstimatorMoreMeasuresNoOtherAgain) {
  const auto computed = [&](const std::vector<std::string>& estimators) {
    config::Value tables =
        config({"experiment=ost_estimators", "held_out.questions=40", "anchors.sets.all.count=8",
                "proxy.warm_up_share=0.0", "utility_rows.count=0"});
    const config::Value all = tables.at("utility");
    for (const auto& [name, table] : all.table()) {
      if (std::find(estimators.begin(), estimators.end(), name) == estimators.end()) {
        tables.erase("utility." + name);
      }
    }
    StageCache stages(folder_ / "stages", false);
    testing_support::MeasuredSetting measured(tables, 100, stages);
    const std::size_t before = stages.computed();
    const StageOutput& output = measured.measurements.utility(100);
    const SampleTable table = SampleTable::load(output.folder / "table");
    for (const std::string& name : estimators) {
      EXPECT_TRUE(table.contains(name));
      EXPECT_TRUE(output.facts.contains(name)) << "its cost";
    }
    const Column& column = table.column("loss");
    return std::pair(stages.computed() - before,
                     std::vector<double>(column.values.begin(), column.values.end()));
  };
  const std::vector<double> alone = computed({"gradient_dot", "loss"}).second;
  const auto [more, beside] = computed({"el2n", "gradient_dot", "loss"});
  EXPECT_EQ(more, 3U);  // a walk, its column, all together
  EXPECT_EQ(alone, beside);
  EXPECT_EQ(computed({"loss"}).first, 1U);  // all together
}

}  // namespace
}  // namespace winnow
