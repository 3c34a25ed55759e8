// Base models of the micro world at toy size: which parts are trained when, and what a killed run
// goes on from.

#include <gtest/gtest.h>

#include "core/errors.h"
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
  static bool has_own_tower() { return std::string(GetParam()).starts_with("micro"); }
  // In a folder of this name, from nothing or from the base that lies in `start`.
  std::unique_ptr<VisionLanguageModel> train(const std::string& name,
                                             const std::string& start = {}) const {
    config::Value model = table("qwen3_vl", {{"width", 32}, {"layers", 1}, {"vision_width", 16}});
    config::Value base = table("micro_world", {{"image_samples", 24},
                                               {"video_samples", 8},
                                               {"tower_frames", 100},
                                               {"tower_epochs", 1},
                                               {"batch_size", 4}});
    if (has_own_tower()) {
      const bool in_context = GetParam() == std::string("micro_in_context");
      model = table(
          "micro",
          {{"width", 16}, {"layers", 1}, {"heads", 2}, {"tower_channels", in_context ? 24 : 4}});
      const config::Origin origin{"test", 1};
      model.set("frame_context", {in_context, origin});
      if (in_context) base.set("caption_share", {0.5, origin});
      for (const char* key : {"tower_binds", "separate_questions"}) {
        base.set(key, {in_context, origin});
      }
      base.set("epochs", {std::int64_t{in_context ? 2 : 1}, origin});
    }
    base.set("start", {start, {"test", 1}});
    const auto family = models().create(model, "model");
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
  EXPECT_EQ(fs::exists(folder_ / "two" / "tower"), has_own_tower());
  fs::remove_all(folder_ / "two" / "mixed");
  fs::remove_all(folder_ / "two" / "images");
  EXPECT_EQ(weights_digest(*train("two")), digest);
}

TEST_P(MicroBaseTest, GoesOnFromAnotherBase) {
  const std::unique_ptr<VisionLanguageModel> first = train("first");
  first->save(folder_ / "made");
  const std::unique_ptr<VisionLanguageModel> second = train("second", (folder_ / "made").string());
  EXPECT_NE(weights_digest(*second), weights_digest(*first));
  EXPECT_EQ(second->tokenizer().size(), first->tokenizer().size());
  if (!has_own_tower()) return;
  // The rest has learned to read this tower.
  std::map<std::string, torch::Tensor> before;
  for (const auto& [name, value] : first->named_parameters()) before[name] = value;
  for (const auto& [name, value] : second->named_parameters()) {
    if (name.starts_with("vision.")) {
      EXPECT_TRUE(torch::equal(value, before.at(name))) << name;
    }
  }
}

TEST(MicroBase, ATowerThatBindsNeedsItsChannels) {
  config::Value model, base;
  const config::Origin origin{"test", 1};
  model.set("type", {std::string("micro"), origin});
  base.set("type", {std::string("micro_world"), origin});
  base.set("tower_binds", {true, origin});
  for (const char* key : {"image_samples", "video_samples"})
    base.set(key, {std::int64_t{4}, origin});
  base.set("tower_frames", {std::int64_t{100}, origin});
  const auto family = models().create(model, "model");
  const fs::path folder = testing_support::temporary_folder();
  EXPECT_THROW(base_trainer_for(*family, &base)->train({*family, {}, 5, folder}), ConfigError);
  fs::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Families, MicroBaseTest,
                         testing::Values("micro", "micro_in_context", "qwen3_vl"));

}  // namespace
}  // namespace winnow
