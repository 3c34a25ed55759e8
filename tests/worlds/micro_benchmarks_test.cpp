// The generated worlds as benchmark types.

#include <gtest/gtest.h>

#include "benchmarks/benchmark_conformance_tests.h"
#include "core/errors.h"
#include "worlds/micro_world.h"
#include "worlds/reasoning.h"

namespace winnow {
namespace testing_support {
namespace {

const std::vector<BenchmarkCase> kCases = {
    {"micro_world",
     "type = \"micro_world\", part = \"mixed\", questions = 30, evaluator = {type = "
     "\"multiple_choice\"}"},
    {"micro_reasoning",
     "type = \"micro_reasoning\", part = \"external\", questions = 30, evaluator = {type = "
     "\"final_answer\"}"}};

INSTANTIATE_TEST_SUITE_P(Worlds, BenchmarkConformance, ::testing::ValuesIn(kCases),
                         [](const auto& parameter) { return parameter.param.name; });

TEST(BenchmarkTypes, OfThisRoomAreAllTried) {
  std::set<std::string> elsewhere;
  for (const std::string& name : benchmarks().names()) {
    if (!name.starts_with("micro_")) elsewhere.insert(name);
  }
  expect_all_types_tried(elsewhere);
}

}  // namespace
}  // namespace testing_support

namespace {

namespace fs = std::filesystem;

class MicroBenchmarksTest : public testing::Test {
 protected:
  MicroBenchmarksTest() {
    Progress::set_enabled(false);
    winnow::create_directories(folder_ / "world");
    winnow::create_directories(folder_ / "made");
  }

  // Makes a part and expects every file of it in the world's folder, equal to the byte.
  void expect_as_in_the_world(const std::string& type, const std::string& part,
                              const fs::path& world) const {
    const config::Value table = config::parse_value(
        "{type = \"" + type + "\", part = \"" + part + "\", questions = 20}", "test", {"test", 1});
    benchmarks().create(table, "benchmarks.tried")->make(3, folder_ / "made");
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "made")) {
      if (!entry.is_regular_file()) continue;
      const fs::path place = entry.path().lexically_relative(folder_ / "made");
      if (*place.begin() != part && place != part + ".jsonl") continue;
      ASSERT_TRUE(fs::exists(world / place)) << place;
      EXPECT_EQ(read_file(entry.path()), read_file(world / place)) << place;
      ++files;
    }
    EXPECT_GT(files, 5U) << part;
  }

  fs::path folder_ = testing_support::temporary_folder();
};

TEST_F(MicroBenchmarksTest, AreThoseOfTheWorldToTheByte) {
  micro_world::MicroWorldOptions options;
  options.seed = 3;
  options.questions = 400;
  options.questions_per_benchmark = 20;
  write_world(options, folder_ / "world");
  write_held_out(options, 20, folder_ / "world" / "benchmarks");
  for (const char* part : {"short", "mixed", "long", "ultra", "held_out"}) {
    expect_as_in_the_world("micro_world", part, folder_ / "world" / "benchmarks");
  }
  EXPECT_THROW(write_benchmark(options, "shrot", folder_ / "made"), ConfigError);
}

TEST_F(MicroBenchmarksTest, AreThoseOfTheReasoningWorldToTheByte) {
  micro_world::ReasoningOptions options;
  options.seed = 3;
  options.questions = 400;
  options.questions_per_benchmark = 20;
  write_reasoning_world(options, folder_ / "world");
  write_reasoning_held_out(options, 20, folder_ / "world" / "benchmarks");
  for (const char* part : {"internal", "external", "held_out"}) {
    expect_as_in_the_world("micro_reasoning", part, folder_ / "world" / "benchmarks");
  }
  EXPECT_THROW(write_reasoning_benchmark(options, "extern", folder_ / "made"), ConfigError);
}

}  // namespace
}  // namespace winnow
