#include "pool/prompt.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "config/compose.h"
#include "core/errors.h"

namespace winnow {
namespace {

using testing::HasSubstr;

JudgePrompt prompt_of(const std::string& user, const std::string& system = "") {
  JudgePrompt prompt;
  prompt.user = user;
  prompt.system = system;
  prompt.score_key = "score";
  return prompt;
}

Sample two_turns() {
  Sample sample;
  Media image, video;
  video.kind = Media::Kind::video;
  sample.media = {image, video, image};
  sample.turns = {{Turn::Role::system, "Be brief."},
                  {Turn::Role::user, "<media>What is {this}?"},
                  {Turn::Role::assistant, "A cat."},
                  {Turn::Role::user, "And in <media> and <media>?"},
                  {Turn::Role::assistant, "{question}"}};
  return sample;
}

TEST(Prompt, FillsItsPlacesOnceAndNamesMedia) {
  const PromptTemplate prompt(prompt_of("{{{question}}} -> {answer}", "S {conversation}"));
  const auto text = prompt.user_text(two_turns());
  EXPECT_EQ(text.before_media, "");
  EXPECT_EQ(text.behind_media, "{And in [video 1] and [image 2]?} -> {question}");
  EXPECT_EQ(prompt.system_text(two_turns()),
            "S System: Be brief.\nUser: [image 1]What is {this}?\nAssistant: A cat.\n"
            "User: And in [video 1] and [image 2]?\nAssistant: {question}");
}

TEST(Prompt, PutsMediaAtTheirPlace) {
  const auto text = PromptTemplate(prompt_of("before {media}after")).user_text(two_turns());
  EXPECT_EQ(text.before_media, "before ");
  EXPECT_EQ(text.behind_media, "after");
}

void expect_refused(const JudgePrompt& prompt, const std::string& words) {
  try {
    const PromptTemplate made(prompt);
    FAIL() << "accepted, and should say: " << words;
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr(words));
  }
}

TEST(Prompt, RefusesMistakesWithTheirCure) {
  expect_refused(prompt_of(""), "empty");
  expect_refused(prompt_of("{qestion}"), "'question'");
  expect_refused(prompt_of("{question"), "write it twice");
  expect_refused(prompt_of("a } b"), "write it twice");
  expect_refused(prompt_of("{media}{media}"), "twice");
  expect_refused(prompt_of("{question}", "{media}"), "{media}");
  JudgePrompt prompt = prompt_of("{question}");
  prompt.score_pattern = "([0-9])";
  expect_refused(prompt, "either");
  prompt.score_key = "";
  prompt.score_pattern = "[0-9]";
  expect_refused(prompt, "group");
  prompt.score_pattern = "([0-9]";
  expect_refused(prompt, "no regular expression");
  prompt.score_pattern = "([0-9])";
  prompt.highest = prompt.lowest;
  expect_refused(prompt, "below");
}

TEST(Prompt, ReadsTheLastScoreOfAKey) {
  const PromptTemplate prompt(prompt_of("{question}"));
  EXPECT_EQ(prompt.read("{\"score\": 4}").score, 4.0);
  EXPECT_EQ(prompt.read("```json\n{\"why\": \"a {brace\", \"score\": \"2.5\"}\n```").score, 2.5);
  EXPECT_EQ(prompt.read("First {\"score\": 1}, no: {\"score\": 3}. Done {}").score, 3.0);
  for (const char* nonsense : {"", "five", "{\"score\": \"five\"}", "{\"score\": }",
                               "{\"scor\": 3}", "{\"score\": null}", "score: 3"}) {
    const auto reading = prompt.read(nonsense);
    EXPECT_FALSE(reading.score) << nonsense;
    EXPECT_EQ(reading.reason, "the judge's answer has no score") << nonsense;
  }
  for (const char* outside : {"{\"score\": 6}", "{\"score\": 0.99}", "{\"score\": -3}"}) {
    EXPECT_FALSE(prompt.read(outside).score);
    EXPECT_THAT(prompt.read(outside).reason, HasSubstr("out of the prompt's range"));
  }
  EXPECT_EQ(prompt.read(std::string(100000, '{') + "{\"score\": 5}").score, 5.0);
}

TEST(Prompt, ReadsTheLastMatchOfAPattern) {
  JudgePrompt options = prompt_of("{question}");
  options.score_key = "";
  options.score_pattern = "[Ss]core: *([0-9.]+)";
  const PromptTemplate prompt(options);
  EXPECT_EQ(prompt.read("score: 2 at first; Score:4").score, 4.0);
  EXPECT_FALSE(prompt.read("score: 3.1.2").score);
  EXPECT_FALSE(prompt.read("no idea").score);
  EXPECT_EQ(prompt.read(std::string(1000000, 'x') + "score: 3").score, 3.0);
}

TEST(Prompt, TheOnesInTheConfigsAreSound) {
  const auto configs = std::filesystem::path(WINNOW_SOURCE_DIR) / "configs";
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(configs / "judge/prompt")) {
    const config::Value value =
        config::compose({{configs / "judge/prompt"}, file.path().stem().string(), {}});
    EXPECT_NO_THROW(PromptTemplate(config::bind<JudgePrompt>(value, "prompt"))) << file.path();
    ++count;
  }
  EXPECT_GE(count, 2);
}

}  // namespace
}  // namespace winnow
