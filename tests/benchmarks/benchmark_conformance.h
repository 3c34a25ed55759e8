#pragma once
// What every benchmark type must do (benchmark_conformance_tests.h). The test of a type
// instantiates it with tables of its own:
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
