#pragma once
// What every benchmark type must do. The test of a type instantiates it with tables of its own:
//
//   INSTANTIATE_TEST_SUITE_P(Mine, BenchmarkConformance,
//                            ::testing::Values(BenchmarkCase{"mine", "type = \"mine\", ..."}));
//
// A table may name FOLDER, which is a folder of the test's own that `prepare` fills.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <ostream>
#include <set>
#include <string>

#include "benchmarks/benchmark.h"
#include "config/compose.h"
#include "config/read.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/progress.h"
#include "temporary_folder.h"

namespace winnow::testing_support {

struct BenchmarkCase {
  std::string name;  // of the case
  std::string toml;  // its table, without braces; with an evaluator that can mark its questions
  std::function<void(const std::filesystem::path&)> prepare = {};
};

class BenchmarkConformance : public ::testing::TestWithParam<BenchmarkCase> {
 protected:
  void SetUp() override {
    Progress::set_enabled(false);
    winnow::create_directories(folder_ / "files");
    if (GetParam().prepare) GetParam().prepare(folder_ / "files");
    task_ = std::make_unique<BenchmarkTask>("tried", table());
  }

  config::Value table() const {
    std::string toml = GetParam().toml;
    for (std::size_t at = toml.find("FOLDER"); at != std::string::npos; at = toml.find("FOLDER")) {
      toml.replace(at, 6, (folder_ / "files").string());
    }
    return config::parse_value("{" + toml + "}", "test", {"test", 1});
  }

  // Its questions, made in a folder of this name where they are generated.
  std::vector<Question> questions(const std::string& name, std::uint64_t seed = 1) const {
    winnow::create_directories(folder_ / name);
    if (task_->source().is_generated()) task_->source().make(seed, folder_ / name);
    return task_->read(folder_ / name).asked;
  }

  static std::map<std::string, std::string> digests(const std::filesystem::path& folder) {
    std::map<std::string, std::string> result;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      result[entry.path().lexically_relative(folder)] = digest_of_file(entry.path());
    }
    return result;
  }

  std::filesystem::path folder_ = temporary_folder();
  std::unique_ptr<BenchmarkTask> task_;
};

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

// How a case stands in the list of tests, where tried_types() finds it.
inline void PrintTo(const BenchmarkCase& one, std::ostream* out) { *out << "{" << one.toml << "}"; }

// Types that a case of this program tries, whichever file it stands in.
inline std::set<std::string> tried_types() {
  std::set<std::string> types;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    if (std::string(suite.name()).find("BenchmarkConformance") == std::string::npos) continue;
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const char* table = suite.GetTestInfo(j)->value_param();
      if (table == nullptr) continue;
      types.insert(config::parse_value(table, "test", {}).at("type").string());
    }
  }
  return types;
}

// That every registered type has a case and a file of configs/benchmark that can be used.
// `elsewhere`: types that another program tries.
inline void expect_all_types_tried(const std::set<std::string>& elsewhere = {}) {
  std::set<std::string> tried = tried_types();
  for (const std::string& name : benchmarks().names()) {
    if (elsewhere.contains(name)) continue;
    EXPECT_EQ(tried.count(name), 1U) << "no conformance case for the benchmark type " << name;
  }
  const std::filesystem::path configs = std::filesystem::path(WINNOW_SOURCE_DIR) / "configs";
  std::set<std::string> with_preset;
  for (const auto& entry : std::filesystem::directory_iterator(configs / "benchmark")) {
    // As a config names it; generated ones take size and looks from its pool.
    const config::Value config =
        config::compose({{configs},
                         "evaluate",
                         {"benchmark@benchmarks.tried=" + entry.path().stem().string(),
                          "++world.questions_per_benchmark=20", "++pool.style_strength=1.0"}});
    const config::Value& table = config.at("benchmarks.tried");
    const std::string type = table.at("type").string();
    with_preset.insert(type);
    if (tried.count(type) == 0) continue;
    EXPECT_NO_THROW(BenchmarkTask("tried", table)) << entry.path();
  }
  for (const std::string& name : tried) {
    EXPECT_EQ(with_preset.count(name), 1U) << "no file of configs/benchmark names " << name;
  }
}

}  // namespace winnow::testing_support
