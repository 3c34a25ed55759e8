// A medium that is damaged in one run and whole again before the next, through the stages of a run.

#include "experiments/stages/failed_rows.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <set>

#include "config/compose.h"
#include "config/read.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/progress.h"
#include "descriptors/descriptor.h"
#include "experiments/comparison/measured_pool_stage.h"
#include "experiments/measured_setting.h"
#include "experiments/stages/selection_stage.h"
#include "selectors/explanation.h"
#include "selectors/manifest.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::MeasuredSetting;

// Files that a selector would read, made of the samples' ids alone.
class IdsAsFiles : public MeasuredPoolWriter {
 public:
  explicit IdsAsFiles(const NoOptions&) {}
  std::vector<std::string> required_columns() const override { return {}; }
  std::vector<SampleInFiles> write(const MeasuredPool& pool, const fs::path&) const override {
    std::vector<SampleInFiles> in_files;
    for (const Sample& sample : pool.samples) in_files.push_back({sample.id, ""});
    return in_files;
  }
  std::map<std::string, fs::path> files(const fs::path&) const override { return {}; }
};
const bool registered = measured_pool_writers().add<IdsAsFiles, NoOptions>(
    "ids_as_files", "of a test: the samples' ids");

class FailedRowsTest : public testing::Test {
 protected:
  FailedRowsTest() { Progress::set_enabled(false); }
  ~FailedRowsTest() override { fs::remove_all(folder_); }

  // A small pool, measured by a model whose tower is trained, so that each walk decodes the media.
  config::Value config(const std::vector<std::string>& further = {}) const {
    std::vector<std::string> overrides = {"experiment=ost",
                                          "utility=forward_mode",
                                          "scale=smoke",
                                          "model.train_vision=true",
                                          "features.visual=unchecked",
                                          "world.questions=200",
                                          "world.questions_per_benchmark=13",
                                          "base.image_samples=64",
                                          "base.video_samples=64",
                                          "base.tower_frames=100",
                                          "base.tower_epochs=1",
                                          "held_out.questions=40",
                                          "anchors.sets.all.count=8",
                                          "utility_pass.chunk_samples=16",
                                          "descriptors.chunk_samples=16"};
    overrides.insert(overrides.end(), further.begin(), further.end());
    return config::compose({{fs::path(WINNOW_SOURCE_DIR) / "configs"}, "winnow", overrides});
  }
  // Files of an output and what is in them, but for its manifest, which has CPU times.
  static std::map<std::string, std::string> content(const StageOutput& output) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(output.folder)) {
      const std::string name = fs::relative(entry.path(), output.folder).generic_string();
      if (entry.is_regular_file() && name != "manifest.json") files[name] = read_file(entry.path());
    }
    return files;
  }
  static std::int64_t failed(const StageOutput& output) {
    return output.facts.at("failed_rows").to_number<std::int64_t>();
  }

  static StageOutput descriptor_of(MeasuredSetting& run) {
    return run.measurements.descriptors({"perplexity"}).front().output;
  }

  const fs::path folder_ = testing_support::temporary_folder();
};

TEST_F(FailedRowsTest, AreMeasuredAgainOnRequestAsIfTheyHadNeverFailed) {
  const config::Value plain = config();
  std::map<std::string, std::string> descriptor, utility;
  fs::path medium;
  {
    StageCache stages(folder_ / "stages", false);
    MeasuredSetting run(plain, 100, stages);
    for (const Sample& sample : all_samples(run.setting.whole_pool())) {
      if (!sample.media.empty()) medium = sample.media.front().paths.front();
    }
    descriptor = content(descriptor_of(run));
    utility = content(run.measurements.utility(100));
    EXPECT_EQ(failed(descriptor_of(run)) + failed(run.measurements.utility(100)), 0);
  }
  for (const char* stage : {"descriptor", "walk", "estimator", "utility_walk", "utility"})
    fs::remove_all(folder_ / "stages" / stage);

  // Of the same size and time: otherwise the world itself would be made again.
  const fs::path away = folder_ / "away";
  fs::rename(medium, away);
  write_file(medium, std::string(fs::file_size(away), '-'));
  fs::last_write_time(medium, fs::last_write_time(away));
  const config::Value lenient =
      config({"descriptors.maximum_failed_share=0.5", "utility_pass.maximum_failed_share=0.5"});
  fs::path descriptor_folder, utility_folder;
  {
    StageCache stages(folder_ / "stages", false);
    MeasuredSetting run(lenient, 100, stages);
    EXPECT_GT(failed(descriptor_of(run)), 0);
    EXPECT_GT(failed(run.measurements.utility(100)), 0);
    descriptor_folder = descriptor_of(run).folder;
    utility_folder = run.measurements.utility(100).folder;
    EXPECT_NE(content(descriptor_of(run)).at("failures.json"), descriptor.at("failures.json"));

    // No selector takes them, one that reads no column neither.
    const UnusableSamples unusable =
        unusable_samples({{"descriptor perplexity", descriptor_of(run)},
                          {"utility", run.measurements.utility(100)}});
    ASSERT_FALSE(unusable.empty());
    const Bound<Selector> all(
        selectors, config::parse_toml("type = \"uniform\"\nshare = 1.0\n", "test"), "selector");
    const StageOutput chosen =
        SelectionStage{run.setting, all, {}, 100, "selection", unusable}.run(stages);
    const auto taken = read_selected_ids(find_selection(chosen.folder));
    EXPECT_GT(taken.size(), 100U);
    for (const std::string& id : taken) EXPECT_FALSE(unusable.contains(id)) << id;
    const auto report = boost::json::parse(read_file(chosen.folder / "report.json")).as_object();
    EXPECT_EQ(report.at("excluded").at("measurement failed: descriptor perplexity").as_int64(),
              static_cast<std::int64_t>(unusable.size()));
    EXPECT_EQ(report.at("unusable").as_array().size(), unusable.size());
    EXPECT_THAT(explain_selection(find_selection(chosen.folder), unusable.begin()->first),
                HasSubstr("measurement failed: descriptor perplexity"));

    // They are not in the files that others choose from.
    const config::Value writer = config::parse_toml("type = \"ids_as_files\"\n", "test");
    const StageOutput files =
        MeasuredPoolStage{writer, run.setting, run.measurements, unusable}.run();
    std::size_t left_out = 0;
    for (const NamedSample& name : read_sample_names(names_file(files.folder))) {
      if (!unusable.contains(name.id)) continue;
      ++left_out;
      EXPECT_EQ(name.in_files.name, "");
      EXPECT_THAT(name.in_files.left_out, HasSubstr("measurement failed: descriptor perplexity"));
    }
    EXPECT_EQ(left_out, unusable.size());
  }
  fs::rename(away, medium);
  {
    // Unasked, what is there counts, as much of it as this run allows.
    const config::Value strict =
        config({"descriptors.maximum_failed_share=0.0", "utility_pass.maximum_failed_share=0.0"});
    StageCache stages(folder_ / "stages", false);
    MeasuredSetting run(strict, 100, stages);
    for (const bool is_utility : {false, true}) {
      try {
        is_utility ? run.measurements.utility(100) : descriptor_of(run);
        FAIL() << "no error";
      } catch (const DataError& error) {
        EXPECT_THAT(error.what(), HasSubstr("retry_failed=true"));
      }
    }
    EXPECT_EQ(stages.computed(), 0U);
  }
  const config::Value retry =
      config({"descriptors.retry_failed=true", "utility_pass.retry_failed=true",
              "descriptors.maximum_failed_share=0.0", "utility_pass.maximum_failed_share=0.0"});
  for (const std::size_t computed :
       {5U, 0U}) {  // two walks with a column each, the utilities' table
    StageCache stages(folder_ / "stages", false);
    MeasuredSetting run(retry, 100, stages);
    EXPECT_EQ(descriptor_of(run).folder, descriptor_folder);
    EXPECT_NE(run.measurements.utility(100).folder, utility_folder) << "of other columns";
    EXPECT_EQ(content(descriptor_of(run)), descriptor);
    EXPECT_EQ(content(run.measurements.utility(100)), utility);
    EXPECT_EQ(stages.computed(), computed);
  }
}

}  // namespace
}  // namespace winnow
