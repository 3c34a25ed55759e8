// Table 1 with another model family in place of the micro model, by override alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "core/files.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ModelFamilyTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  int run(const std::string& arguments) {
    const std::string line = "'" WINNOW_PROGRAM "' " + arguments + " >'" +
                             (folder_ / "out").string() + "' 2>'" + (folder_ / "err").string() +
                             "'";
    const int status = std::system(line.c_str());
    out_ = read_file(folder_ / "out");
    err_ = read_file(folder_ / "err");
    return WEXITSTATUS(status);
  }
  // The newest checkpoint folders of the stage.
  std::vector<fs::path> models_below(const std::string& stage) const {
    std::vector<fs::path> result;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "results/stages" / stage)) {
      if (entry.path().filename() == "config.json") result.push_back(entry.path().parent_path());
    }
    return result;
  }

  void check_table1(const std::string& family);

  const fs::path folder_ = testing_support::temporary_folder();
  std::string out_, err_;
};

// The whole table, twice; then a question to one of its checkpoints.
void ModelFamilyTest::check_table1(const std::string& family) {
  const std::string command =
      "run experiment=table1 scale=smoke model=" + family +
      " 'seeds=[100]' '~methods.minloss' "
      "'~methods.diverse' '~methods.temp' world.questions=200 world.questions_per_benchmark=13 "
      "budget=16 reference_budget=48 base.image_samples=48 base.video_samples=48 "
      "anchors.held_out=40 anchors.sets.all.count=8 "
      "sampling.frames=4 trainer.checkpoints=1 model.vision_width=16 run.workers=2 --results '" +
      (folder_ / "results").string() + "'";
  ASSERT_EQ(run(command), 0) << err_;
  EXPECT_THAT(out_, testing::AllOf(HasSubstr("Uni-10x"), HasSubstr("Temp+"), HasSubstr("OST")));
  ASSERT_EQ(run(command), 0) << err_;
  EXPECT_THAT(err_, HasSubstr(" 0 stages computed"));

  // Base and trained models are checkpoint folders that can be asked.
  const std::vector<fs::path> bases = models_below("base"), trained = models_below("training");
  ASSERT_EQ(bases.size(), 1U);
  ASSERT_GE(trained.size(), 4U);
  EXPECT_NE(read_file(trained[0] / "model.safetensors"), read_file(bases[0] / "model.safetensors"));
  EXPECT_EQ(run("generate model=" + family + " 'model.path=" + trained[0].string() +
                "' --maximum-tokens 4 'what colour is the ball?'"),
            0)
      << err_;
}

TEST_F(ModelFamilyTest, AProxyMayBeOfAnotherFamilyThanTheTarget) {
  const std::string command =
      "run experiment=ost scale=smoke utility=forward_mode '+model@proxy.model=qwen3_vl' "
      "proxy.model.vision_width=16 'seeds=[100]' world.questions=200 "
      "world.questions_per_benchmark=13 base.image_samples=48 base.video_samples=48 "
      "base.tower_frames=100 base.tower_epochs=1 sampling.frames=4 trainer.checkpoints=1 "
      "anchors.held_out=40 anchors.sets.all.count=8 run.workers=2 --results '" +
      (folder_ / "results").string() + "'";
  ASSERT_EQ(run(command), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("OST"));
  // A base of each family; the warm-up is the proxy's, all other trainings are the target's.
  std::map<std::string, std::size_t> trained;
  for (const fs::path& model : models_below("training")) {
    ++trained[read_file(model / "config.json").find("qwen3_vl") != std::string::npos ? "qwen3_vl"
                                                                                     : "micro"];
  }
  EXPECT_EQ(models_below("base").size(), 2U);
  EXPECT_EQ(trained["qwen3_vl"], 1U);
  EXPECT_EQ(trained["micro"], 3U);  // Random, Full, OST
  ASSERT_EQ(run(command), 0) << err_;
  EXPECT_THAT(err_, HasSubstr(" 0 stages computed"));
}

TEST_F(ModelFamilyTest, Table1RunsOnQwen3Vl) { check_table1("qwen3_vl"); }

TEST_F(ModelFamilyTest, Table1RunsOnInternVl3) { check_table1("internvl"); }

}  // namespace
}  // namespace winnow
