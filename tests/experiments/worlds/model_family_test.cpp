// Table 1 with another model family in place of the micro model, by override alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
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

  // A few methods of Table 1 on a toy budget.
  std::string table1(const std::string& family, const std::string& more = "") const {
    return "run experiment=table1 scale=smoke model=" + family +
           " 'seeds=[100]' '~methods.minloss' "
           "'~methods.diverse' '~methods.temp' world.questions=200 "
           "world.questions_per_benchmark=13 budget=16 reference_multiple=3 base.image_samples=48 "
           "base.video_samples=48 held_out.questions=40 anchors.sets.all.count=8 sampling.frames=4 "
           "trainer.checkpoints=1 model.vision_width=16 run.workers=2 " +
           more + " --results '" + (folder_ / "results").string() + "'";
  }
  void check_table1(const std::string& family);
  void check_adapters(const std::string& family);

  const fs::path folder_ = testing_support::temporary_folder();
  std::string out_, err_;
};

// The whole table, twice; then a question to one of its checkpoints.
void ModelFamilyTest::check_table1(const std::string& family) {
  const std::string command = table1(family);
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
  check_adapters(family);
}

// The base that was trained above as a pretrained folder: adapters on it, in place of its training.
void ModelFamilyTest::check_adapters(const std::string& family) {
  const fs::path pretrained = folder_ / "pretrained";
  fs::rename(models_below("base").at(0), pretrained);
  fs::remove_all(folder_ / "results");
  const std::string path = "'model.path=" + pretrained.string() + "' ";
  ASSERT_EQ(run(table1(family, path + "model.lora.rank=2 'model.freeze=[vision,projector]'")), 0)
      << err_;
  EXPECT_THAT(err_, testing::Not(HasSubstr("base model, images")));
  const std::string weights = read_file(pretrained / "model.safetensors");
  const std::vector<fs::path> trained = models_below("training");
  ASSERT_GE(trained.size(), 3U);
  std::set<std::string> adapters;
  for (const fs::path& folder : trained) {
    EXPECT_EQ(read_file(folder / "model.safetensors"), weights) << folder;
    adapters.insert(read_file(folder / "adapter/adapter_model.safetensors"));
  }
  EXPECT_EQ(adapters.size(), trained.size());  // each method's own

  // Without model.lora an adapter is merged; another adapter is another base.
  fs::remove_all(folder_ / "results/stages/base");
  const std::string merged =
      table1(family, "'model.path=" + trained[0].string() + "' '~methods.temp_plus'");
  ASSERT_EQ(run(merged), 0) << err_;
  ASSERT_EQ(models_below("base").size(), 1U);
  EXPECT_NE(read_file(models_below("base")[0] / "model.safetensors"), weights);
  fs::copy_file(trained[1] / "adapter/adapter_model.safetensors",
                trained[0] / "adapter/adapter_model.safetensors",
                fs::copy_options::overwrite_existing);
  ASSERT_EQ(run(merged), 0) << err_;
  EXPECT_EQ(models_below("base").size(), 2U);
}

TEST_F(ModelFamilyTest, AProxyMayBeOfAnotherFamilyThanTheTarget) {
  const std::string command =
      "run experiment=ost scale=smoke utility=forward_mode '+model@proxy.model=qwen3_vl' "
      "proxy.model.vision_width=16 'seeds=[100]' world.questions=200 "
      "world.questions_per_benchmark=13 base.image_samples=48 base.video_samples=48 "
      "base.tower_frames=100 base.tower_epochs=1 sampling.frames=4 trainer.checkpoints=1 "
      "held_out.questions=40 anchors.sets.all.count=8 run.workers=2 --results '" +
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
