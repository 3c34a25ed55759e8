// The bases that come with winnow: the files are those that were recorded, and they know what they
// are asked.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "config/read.h"
#include "core/files.h"
#include "core/hash.h"
#include "models/model_family.h"
#include "worlds/micro_base.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace mw = micro_world;

const fs::path kHome = WINNOW_SOURCE_DIR;
const fs::path kCheckpoints = kHome / "modules" / "worlds" / "checkpoints";

// The model of this name with its shipped weights.
std::unique_ptr<VisionLanguageModel> shipped(const std::string& model, const std::string& folder,
                                             std::int64_t width) {
  config::Value table = config::read_toml(kHome / "configs" / "model" / (model + ".toml"));
  table.set("path", {(kCheckpoints / folder).string(), {"test", 1}});
  table.set("width", {width, {"test", 1}});
  table.erase("defaults");
  const auto family = models().create(table, "model");
  return family->load(*family->pretrained());
}

TEST(ShippedBase, FilesAreTheRecordedOnes) {
  std::istringstream lines(read_file(kCheckpoints / "DIGESTS"));
  std::string digest, name;
  std::size_t recorded = 0;
  while (lines >> digest >> name) {
    EXPECT_EQ(digest_of_file(kCheckpoints / name), digest) << name;
    ++recorded;
  }
  std::size_t there = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kCheckpoints)) {
    there += entry.is_regular_file() && entry.path().filename() != "DIGESTS" ? 1 : 0;
  }
  EXPECT_EQ(recorded, there);
}

// Right and asked, by kind of question, in scenes that the model never saw.
std::map<mw::QuestionType, std::pair<int, int>> answers_of(VisionLanguageModel& model) {
  mw::CleanCorpusOptions options;
  options.seed = 5;  // a development world's; the base has its own
  options.images = 40;
  options.videos = 400;
  options.questions_per_scene = 4;
  options.long_video_share = 0.2;
  options.ultra_video_share = 0.1;
  const mw::CleanCorpus corpus(options);
  std::map<mw::QuestionType, std::pair<int, int>> counts;
  for (std::size_t i = 0; i < corpus.scenes(); ++i) {
    const mw::ImaginedScene scene = corpus.scene(i);
    const auto visual = model.encode_vision({model.preprocess(frames_of(scene))});
    std::vector<ModelInput> inputs;
    std::vector<std::vector<std::string>> candidates;
    for (std::size_t q = 0; q < scene.questions.size(); ++q) {
      inputs.push_back(model.input(corpus.sample_of(scene, q), visual));
      candidates.push_back(scene.questions[q].candidates);
    }
    const auto scores = model.score_continuations(*model.prefill(inputs), candidates);
    for (std::size_t q = 0; q < scene.questions.size(); ++q) {
      const auto best = std::max_element(scores[q].begin(), scores[q].end(),
                                         [](const auto& low, const auto& high) {
                                           return low.first / static_cast<double>(low.second) <
                                                  high.first / static_cast<double>(high.second);
                                         });
      const auto choice = static_cast<std::size_t>(best - scores[q].begin());
      auto& [right, asked] = counts[scene.questions[q].type];
      right += candidates[q][choice] == scene.questions[q].answer ? 1 : 0;
      ++asked;
    }
  }
  return counts;
}

TEST(ShippedBase, KnowsEveryKindOfQuestion) {
  const auto counts = answers_of(*shipped("micro_scenes", "scenes", 128));
  EXPECT_EQ(counts.size(), 13U);
  int right = 0, asked = 0;
  for (const auto& [type, count] : counts) {
    // Chance is 25 % for most kinds and 50 % for sides.
    EXPECT_GT(count.first, (type == mw::QuestionType::movers ? 0.5 : 0.65) * count.second)
        << to_string(type) << " of " << count.second;
    right += count.first;
    asked += count.second;
  }
  EXPECT_GT(right, 0.9 * asked);
}

class ShippedReasoningBase : public testing::TestWithParam<std::pair<const char*, std::int64_t>> {};

TEST_P(ShippedReasoningBase, SolvesMostProblemsAndNotAll) {
  const auto& [folder, width] = GetParam();
  const auto model = shipped("micro_reasoning", folder, width);
  mw::CleanCorpusOptions options;
  options.seed = 5;
  options.images = options.videos = 0;
  options.problem_scenes = 100;
  const mw::CleanCorpus corpus(options);
  const auto final_answer = [](const std::string& solution) {
    const std::string mark = "The answer is ";
    const auto at = solution.rfind(mark);
    return at == std::string::npos ? std::string() : solution.substr(at + mark.size());
  };
  int right = 0, asked = 0;
  for (std::size_t i = 0; i < corpus.scenes(); ++i) {
    const mw::ImaginedScene scene = corpus.scene(i);
    const auto visual = model->encode_vision({model->preprocess(frames_of(scene))});
    for (std::size_t q = 0; q < scene.questions.size(); ++q) {
      const auto prefix = model->prefill({model->input(corpus.sample_of(scene, q), visual)});
      std::vector<RandomStream> streams = {RandomStream(1, "test")};
      const std::string answer = model->sample_answers(*prefix, 1, 48, 0.0, streams).at(0).at(0);
      right += final_answer(answer) == final_answer(scene.questions[q].answer) ? 1 : 0;
      ++asked;
    }
  }
  EXPECT_GT(right, 0.6 * asked);
  EXPECT_LT(right, 0.95 * asked);  // room for what tuning may teach
}

INSTANTIATE_TEST_SUITE_P(Sizes, ShippedReasoningBase,
                         testing::Values(std::pair{"reasoning_48", 48}, std::pair{"reasoning", 64},
                                         std::pair{"reasoning_96", 96}),
                         [](const auto& suite) { return std::string(suite.param.first); });

}  // namespace
}  // namespace winnow
