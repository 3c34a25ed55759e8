// The base that comes with winnow: the files are those that were recorded, and it knows what it is
// asked.

#include <gtest/gtest.h>

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

TEST(ShippedBase, FilesAreTheRecordedOnes) {
  std::istringstream lines(read_file(kCheckpoints / "DIGESTS"));
  std::string digest, name;
  std::size_t files = 0;
  while (lines >> digest >> name) {
    EXPECT_EQ(digest_of_file(kCheckpoints / name), digest) << name;
    ++files;
  }
  EXPECT_EQ(files, 3U);
}

TEST(ShippedBase, AnswersEveryKindOfQuestionAboutScenesThatItNeverSaw) {
  config::Value table = config::read_toml(kHome / "configs" / "model" / "micro_scenes.toml");
  table.set("path", {(kCheckpoints / "scenes").string(), {"test", 1}});
  const auto family = models().create(table, "model");
  const auto model = family->load(*family->pretrained());
  mw::CleanCorpusOptions options;
  options.seed = 5;  // a development world's; the base has its own
  options.images = 80;
  options.videos = 400;
  options.questions_per_scene = 4;
  options.long_video_share = 0.3;
  options.ultra_video_share = 0.2;
  const mw::CleanCorpus corpus(options);
  std::map<std::string, std::pair<int, int>> right_of;  // by kind of question: right, asked
  int right = 0, asked = 0;
  for (std::size_t i = 0; i < corpus.scenes(); ++i) {
    const mw::ImaginedScene scene = corpus.scene(i);
    const auto visual = model->encode_vision({model->preprocess(frames_of(scene))});
    for (std::size_t q = 0; q < scene.questions.size(); ++q) {
      const mw::Question& question = scene.questions[q];
      const ModelInput input = model->input(corpus.sample_of(scene, q), visual);
      const auto scores =
          model->score_continuations(*model->prefill({input}), {question.candidates})[0];
      std::size_t best = 0;
      for (std::size_t k = 1; k < scores.size(); ++k) {
        if (scores[k].first / static_cast<double>(scores[k].second) >
            scores[best].first / static_cast<double>(scores[best].second)) {
          best = k;
        }
      }
      const bool is_right = question.candidates[best] == question.answer;
      auto& [own_right, own_asked] = right_of[to_string(question.type)];
      own_right += is_right;
      ++own_asked;
      right += is_right;
      ++asked;
    }
  }
  EXPECT_GT(right, 0.8 * asked);
  for (const auto& [type, counts] : right_of) {
    EXPECT_GT(counts.first, 0.5 * counts.second) << type << " of " << counts.second;
  }
}

}  // namespace
}  // namespace winnow
