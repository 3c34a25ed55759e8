// A medium that is damaged in one run and whole again before the next, through a pipeline's stages.

#include "experiments/stages/failed_rows.h"

#include <gmock/gmock.h>

#include <set>

#include "config/compose.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/progress.h"
#include "experiments/comparison/comparison_options.h"
#include "experiments/comparison/pipeline.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

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
                                          "world.questions=200",
                                          "world.questions_per_benchmark=13",
                                          "base.image_samples=64",
                                          "base.video_samples=64",
                                          "base.tower_frames=100",
                                          "base.tower_epochs=1",
                                          "anchors.held_out=40",
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

  const fs::path folder_ = testing_support::temporary_folder();
};

TEST_F(FailedRowsTest, AreMeasuredAgainOnRequestAsIfTheyHadNeverFailed) {
  const config::Value plain = config();
  std::map<std::string, std::string> descriptors, utility;
  fs::path medium;
  {
    StageCache stages(folder_ / "stages", false);
    Pipeline pipeline(plain, 100, stages);
    const World world = World::read(pipeline.world().folder, read_scale(plain).benchmarks);
    for (const Sample& sample : all_samples(world.pool)) {
      if (!sample.media.empty()) medium = sample.media.front().paths.front();
    }
    descriptors = content(pipeline.descriptors());
    utility = content(pipeline.utility(100));
    EXPECT_EQ(failed(pipeline.descriptors()) + failed(pipeline.utility(100)), 0);
  }
  for (const char* stage : {"descriptors", "utility"}) fs::remove_all(folder_ / "stages" / stage);

  // Of the same size and time: otherwise the world itself would be made again.
  const fs::path away = folder_ / "away";
  fs::rename(medium, away);
  write_file(medium, std::string(fs::file_size(away), '-'));
  fs::last_write_time(medium, fs::last_write_time(away));
  const config::Value lenient =
      config({"descriptors.maximum_failed_share=0.5", "utility_pass.maximum_failed_share=0.5"});
  fs::path descriptors_folder, utility_folder;
  {
    StageCache stages(folder_ / "stages", false);
    Pipeline pipeline(lenient, 100, stages);
    EXPECT_GT(failed(pipeline.descriptors()), 0);
    EXPECT_GT(failed(pipeline.utility(100)), 0);
    descriptors_folder = pipeline.descriptors().folder;
    utility_folder = pipeline.utility(100).folder;
    EXPECT_NE(content(pipeline.descriptors()).at("failures.json"), descriptors.at("failures.json"));
  }
  fs::rename(away, medium);
  {
    // Unasked, what is there counts, as much of it as this run allows.
    const config::Value strict =
        config({"descriptors.maximum_failed_share=0.0", "utility_pass.maximum_failed_share=0.0"});
    StageCache stages(folder_ / "stages", false);
    Pipeline pipeline(strict, 100, stages);
    for (const bool is_utility : {false, true}) {
      try {
        is_utility ? pipeline.utility(100) : pipeline.descriptors();
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
  for (const std::size_t computed : {2U, 0U}) {
    StageCache stages(folder_ / "stages", false);
    Pipeline pipeline(retry, 100, stages);
    EXPECT_EQ(pipeline.descriptors().folder, descriptors_folder);
    EXPECT_EQ(pipeline.utility(100).folder, utility_folder);
    EXPECT_EQ(content(pipeline.descriptors()), descriptors);
    EXPECT_EQ(content(pipeline.utility(100)), utility);
    EXPECT_EQ(stages.computed(), computed);
  }
}

}  // namespace
}  // namespace winnow
