#pragma once
// The tests of benchmark_conformance.h: for one file of each program.

#include "benchmarks/benchmark_conformance.h"

namespace winnow::testing_support {

TEST_P(BenchmarkConformance, QuestionsAreWhole) {
  const std::vector<Question> all = questions("made");
  ASSERT_FALSE(all.empty());
  std::set<std::string> ids;
  for (const Question& question : all) {
    EXPECT_TRUE(ids.insert(question.id).second) << question.id << " twice";
    EXPECT_FALSE(question.id.empty());
    EXPECT_FALSE(question.text.empty());
    ASSERT_FALSE(question.accepted.empty());
    EXPECT_EQ(question.replies.size(), question.candidates.size());
    if (question.correct) {
      ASSERT_LT(*question.correct, question.candidates.size());
      EXPECT_EQ(question.accepted.front(), question.candidates[*question.correct]);
    }
    EXPECT_EQ(question.sample.turns.back().role, Turn::Role::assistant);
    EXPECT_THAT(question.sample.question(), ::testing::HasSubstr(question.text));
    EXPECT_GT(question.sample.line, 0);
    for (const Media& medium : question.sample.media) {
      for (const std::filesystem::path& path : medium.paths) {
        EXPECT_TRUE(std::filesystem::exists(path)) << path;
      }
    }
    EXPECT_NO_THROW(task_->evaluator().check(question));
  }
}

TEST_P(BenchmarkConformance, IsTheSameEachTimeAndWhereverItLies) {
  const std::vector<Question> first = questions("first"), second = questions("second");
  EXPECT_EQ(digests(folder_ / "first"), digests(folder_ / "second"));
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].id, second[i].id);
    EXPECT_EQ(first[i].sample.content_digest(), second[i].sample.content_digest());
  }
  EXPECT_EQ(task_->identity(1).to_json(), task_->identity(1).to_json());
}

TEST_P(BenchmarkConformance, TheIdentityTellsSeedsAndPromptsApart) {
  const bool seeded = task_->identity(1).to_json() != task_->identity(2).to_json();
  EXPECT_EQ(seeded, task_->source().is_generated());
  config::Value other = table();
  other.set("prompt", config::Value(std::string("Look: {question}"), {}));
  EXPECT_NE(BenchmarkTask("tried", other).identity(1).to_json(), task_->identity(1).to_json());
  other = table();
  other.set("weight", config::Value(3.0, {}));
  EXPECT_EQ(BenchmarkTask("tried", other).identity(1).to_json(), task_->identity(1).to_json());
}

TEST_P(BenchmarkConformance, SetsADevelopmentPartAside) {
  config::Value parted = table();
  parted.set("development_share", config::Value(0.3, {}));
  const std::vector<Question> all = questions("made");
  const BenchmarkTask::Parts parts = BenchmarkTask("tried", parted).read(folder_ / "made");
  EXPECT_EQ(parts.asked.size() + parts.development.size(), all.size());
  EXPECT_FALSE(parts.development.empty());
  EXPECT_LE(parts.development.size(), all.size() * 3 / 10 + 1);
  std::set<std::string> shown;
  for (const Question& question : parts.asked) {
    for (const Media& medium : question.sample.media) shown.insert(medium.key());
  }
  for (const Question& question : parts.development) {
    for (const Media& medium : question.sample.media) EXPECT_EQ(shown.count(medium.key()), 0U);
  }
}

TEST_P(BenchmarkConformance, HasNoOptionOfACommonName) {
  std::set<std::string> common;
  for (const auto& option : config::describe<BenchmarkOptions>()) common.insert(option.name);
  for (const config::ComponentInfo& info : config::list_components()) {
    if (info.kind != "benchmark" || info.name != table().at("type").string()) continue;
    for (const auto& option : info.options) EXPECT_EQ(common.count(option.name), 0U) << option.name;
  }
}

}  // namespace winnow::testing_support
