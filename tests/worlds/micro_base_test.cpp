// Base models of the micro world at toy size: which parts are trained when, and what a killed run
// goes on from.

#include <gtest/gtest.h>

#include "core/parallel.h"
#include "core/progress.h"
#include "temporary_folder.h"
#include "trainers/base_trainer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class MicroBaseTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    Progress::set_enabled(false);
    fs::remove_all(folder_);
  }
  void TearDown() override {
    fs::remove_all(folder_);
    set_worker_count(0);
  }

  static config::Value table(const std::string& type,
                             const std::vector<std::pair<const char*, std::int64_t>>& numbers) {
    const config::Origin origin{"test", 1};
    config::Value result;
    result.set("type", {type, origin});
    for (const auto& [key, value] : numbers) result.set(key, {value, origin});
    return result;
  }
  std::unique_ptr<VisionLanguageModel> train(const std::string& name) const {
    const bool micro = GetParam() == std::string("micro");
    const config::Value model =
        micro ? table("micro", {{"width", 16}, {"layers", 1}, {"heads", 2}, {"tower_channels", 4}})
              : table("qwen3_vl", {{"width", 32}, {"layers", 1}, {"vision_width", 16}});
    const auto family = models().create(model, "model");
    const config::Value base = table("micro_world", {{"image_samples", 24},
                                                     {"video_samples", 8},
                                                     {"tower_frames", 100},
                                                     {"tower_epochs", 1},
                                                     {"batch_size", 4}});
    return base_trainer_for(*family, &base)
        ->train({*family, {"what is in the pool"}, 5, folder_ / name});
  }

  const fs::path folder_ = testing_support::temporary_folder();
};

TEST_P(MicroBaseTest, IsTheSameOnAnyNumberOfThreadsAndFromEveryStageOn) {
  set_worker_count(1);
  const std::string digest = weights_digest(*train("one"));
  set_worker_count(2);
  EXPECT_EQ(weights_digest(*train("two")), digest);
  // What a run leaves that is killed in its second phase.
  fs::remove_all(folder_ / "two" / "mixed");
  EXPECT_EQ(weights_digest(*train("two")), digest);
  // Only a tower that is trained by itself is kept by itself.
  EXPECT_EQ(fs::exists(folder_ / "two" / "tower"), GetParam() == std::string("micro"));
  fs::remove_all(folder_ / "two" / "mixed");
  fs::remove_all(folder_ / "two" / "images");
  EXPECT_EQ(weights_digest(*train("two")), digest);
}

INSTANTIATE_TEST_SUITE_P(Families, MicroBaseTest, testing::Values("micro", "qwen3_vl"));

}  // namespace
}  // namespace winnow
