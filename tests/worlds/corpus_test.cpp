#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/errors.h"
#include "worlds/micro_world.h"

namespace winnow::micro_world {
namespace {

using testing::HasSubstr;

std::map<QuestionType, int> counts_of(const CleanCorpusOptions& options) {
  const CleanCorpus corpus(options);
  std::map<QuestionType, int> counts;
  for (std::size_t i = 0; i < corpus.scenes(); ++i) {
    for (const Question& question : corpus.scene(i).questions) ++counts[question.type];
  }
  return counts;
}

TEST(CleanCorpus, AsksKindsByTheirWeights) {
  CleanCorpusOptions options;
  options.images = 600;
  options.videos = 1200;
  options.questions_per_scene = 4;
  const auto even = counts_of(options);
  options.question_weights = {{"side", 5.0}, {"direction", 5.0}};
  const auto weighted = counts_of(options);
  EXPECT_GT(weighted.at(QuestionType::side), 1.5 * even.at(QuestionType::side));
  EXPECT_GT(weighted.at(QuestionType::direction), 1.5 * even.at(QuestionType::direction));
  EXPECT_LT(weighted.at(QuestionType::count), even.at(QuestionType::count));
  EXPECT_EQ(weighted.size(), 13U);  // no kind is lost
}

TEST(CleanCorpus, ARefusedWeightIsNamed) {
  const auto message_of = [](const std::string& kind, double weight) -> std::string {
    CleanCorpusOptions options;
    options.question_weights[kind] = weight;
    try {
      const CleanCorpus corpus(options);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  };
  EXPECT_THAT(message_of("sides", 2), HasSubstr("question_weights.sides"));
  EXPECT_THAT(message_of("side", 0), HasSubstr("question_weights.side = 0"));
}

TEST(CleanCorpus, WordProblemsComeLastAndLeaveTheOtherScenesAsTheyAre) {
  CleanCorpusOptions options;
  options.images = 4;
  options.videos = 4;
  const CleanCorpus plain(options);
  options.problem_scenes = 50;
  const CleanCorpus corpus(options);
  ASSERT_EQ(corpus.scenes(), plain.scenes() + 50);
  EXPECT_EQ(corpus.size(), plain.size());
  for (std::size_t i = 0; i < plain.scenes(); ++i) {
    EXPECT_EQ(corpus.scene(i).questions.front().text, plain.scene(i).questions.front().text);
  }
  int told = 0, pool = 0, alone = 0;
  for (std::size_t i = plain.scenes(); i < corpus.scenes(); ++i) {
    const ImaginedScene scene = corpus.scene(i);
    EXPECT_EQ(scene.frames.size(), 1U);
    ASSERT_EQ(scene.questions.size(), 3U);
    for (const Question& question : scene.questions) {
      EXPECT_THAT(question.answer, HasSubstr("The answer is "));
      if (question.answer.starts_with("I count")) {
        ++told;
      } else if (question.answer.starts_with("There")) {
        ++pool;
      } else {
        ++alone;
      }
    }
  }
  EXPECT_GT(told, 40);
  EXPECT_GT(pool, 40);
  EXPECT_GT(alone, 15);
  EXPECT_EQ(corpus.conversation_of(corpus.scene(plain.scenes())).turns.size(), 6U);
}

}  // namespace
}  // namespace winnow::micro_world
