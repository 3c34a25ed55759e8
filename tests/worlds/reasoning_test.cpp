#include "worlds/reasoning.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <set>

#include "core/errors.h"
#include "core/hash.h"
#include "core/progress.h"
#include "pool/pool.h"
#include "pool/temporary_folder.h"

namespace winnow::micro_world {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Problem problem_of(ProblemKind kind, std::int64_t first, std::int64_t second) {
  Problem problem;
  problem.kind = kind;
  problem.first_things = "circles";
  problem.second_things = "squares";
  problem.first = first;
  problem.second = second;
  problem.first_price = 3;
  problem.second_price = 2;
  return problem;
}

TEST(Reasoning, SolvesStepByStep) {
  RandomStream random(1, "test");
  std::string answer;
  EXPECT_EQ(solve(problem_of(ProblemKind::together, 2, 1), Corruption::none, true, random, answer),
            "There are 2 circles and 1 square. 2 plus 1 is 3. The answer is 3.");
  EXPECT_EQ(answer, "3");
  EXPECT_EQ(
      solve(problem_of(ProblemKind::difference, 2, 1), Corruption::none, true, random, answer),
      "There are 2 circles and 1 square. 2 minus 1 is 1. The answer is 1.");
  EXPECT_EQ(solve(problem_of(ProblemKind::taken, 4, 2), Corruption::none, true, random, answer),
            "There are 4 objects. 4 minus 2 is 2. The answer is 2.");
  EXPECT_EQ(solve(problem_of(ProblemKind::price, 2, 1), Corruption::none, true, random, answer),
            "There are 2 circles and 1 square. 2 times 3 is 6. 1 times 2 is 2. 6 plus 2 is 8. The "
            "answer is 8.");
}

TEST(Reasoning, TellsTheSameSolutionInSeveralWordings) {
  for (const auto& [kind, first, second, told, answer] :
       {std::tuple{ProblemKind::together, 2, 1,
                   "I count 2 circles and 1 square. Together these are 3.", "3"},
        std::tuple{ProblemKind::difference, 3, 2,
                   "I count 3 circles and 2 squares. From 2 to 3 it is 1.", "1"},
        std::tuple{ProblemKind::taken, 4, 1, "I count 4 in all. 1 of them go and 3 stay.", "3"},
        std::tuple{ProblemKind::price, 2, 1,
                   "I count 2 circles for 6 and 1 square for 2. All of them cost 6 and 2.", "8"}}) {
    const Problem problem = problem_of(kind, first, second);
    const std::string end = std::string("The answer is ") + answer + ".";
    EXPECT_EQ(solve(problem, Wording::told), told + (" " + end));
    EXPECT_EQ(solve(problem, Wording::answer_alone), end);
    RandomStream random(1, "test");
    std::string given;
    EXPECT_EQ(solve(problem, Wording::pool), solve(problem, Corruption::none, true, random, given));
  }
}

TEST(Reasoning, CorruptsOneNumberAndWhatFollowsFromIt) {
  RandomStream random(1, "test");
  std::string answer;
  EXPECT_EQ(solve(problem_of(ProblemKind::taken, 3, 2), Corruption::misread, true, random, answer),
            "There are 4 objects. 4 minus 2 is 2. The answer is 2.");
  EXPECT_EQ(solve(problem_of(ProblemKind::together, 2, 1), Corruption::miscalculated, false, random,
                  answer),
            "There are 2 circles and 1 square. 2 plus 1 is 2. The answer is 2.");
  EXPECT_EQ(
      solve(problem_of(ProblemKind::together, 2, 1), Corruption::miscopied, true, random, answer),
      "There are 2 circles and 1 square. 2 plus 1 is 3. The answer is 4.");
  EXPECT_EQ(answer, "4");
  // There is nothing below zero, so a habit of less counts one more there.
  EXPECT_EQ(solve(problem_of(ProblemKind::difference, 1, 1), Corruption::miscalculated, false,
                  random, answer),
            "There are 1 circle and 1 square. 1 minus 1 is 1. The answer is 1.");
}

std::vector<boost::json::object> rows_of(const fs::path& file) {
  std::vector<boost::json::object> rows;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    rows.push_back(boost::json::parse(line).as_object());
  }
  return rows;
}

class ReasoningWorldTest : public ::testing::Test {
 protected:
  ReasoningWorldTest() {
    Progress::set_enabled(false);
    for (const char* name : {"a", "b", "held_out"}) fs::create_directories(folder_ / name);
    options_.seed = 3;
    options_.questions = 400;
    options_.questions_per_benchmark = 40;
  }
  const TemporaryFolder folder_;
  ReasoningOptions options_;
};

TEST_F(ReasoningWorldTest, CorruptsTheStatedShareAndHidesIt) {
  const WorldSummary summary = write_reasoning_world(options_, folder_ / "a");
  ASSERT_EQ(summary.labels.size(), 400U);
  std::map<std::string, int> kinds, types;
  int wrong = 0;
  for (const HiddenLabel& label : summary.labels) {
    ++kinds[label.wrong];
    ++types[label.type];
    wrong += label.wrong.empty() ? 0 : 1;
  }
  EXPECT_NEAR(wrong, 160, 3);  // rounded for each author
  EXPECT_EQ(kinds.size(), 4U);
  EXPECT_EQ(types.size(), 4U);

  PoolOptions pool;
  pool.files = {folder_ / "a" / "pool" / "problems.jsonl"};
  const Pool read = Pool::read(pool);
  ASSERT_EQ(read.size(), 400U);
  EXPECT_TRUE(read.ledger().empty());
  for (std::size_t i = 0; i < read.size(); ++i) {
    const Sample sample = read.sample(i);
    const HiddenLabel& label = summary.labels[i];
    ASSERT_EQ(sample.id, label.id);
    EXPECT_THAT(sample.answer(), HasSubstr("The answer is "));
    if (label.wrong.empty()) {
      EXPECT_THAT(sample.answer(), HasSubstr("The answer is " + label.true_answer + "."));
    }
    if (label.wrong == "miscopied") {
      EXPECT_THAT(sample.answer(), Not(HasSubstr("The answer is " + label.true_answer + ".")));
    }
  }
}

TEST_F(ReasoningWorldTest, PoolAndBenchmarksAreMadeOneByOneToTheSameBytes) {
  write_reasoning_world(options_, folder_ / "a");
  write_reasoning_pool(options_, folder_ / "b");
  EXPECT_FALSE(fs::exists(folder_ / "b/benchmarks"));
  fs::create_directories(folder_ / "b/benchmarks");
  for (const char* name : {"external", "internal"}) {
    write_reasoning_benchmark(options_, name, folder_ / "b/benchmarks");
  }
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "a")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(digest_of_file(entry.path()),
              digest_of_file(folder_.path() / "b" / fs::relative(entry.path(), folder_ / "a")));
  }
  EXPECT_GT(files, 100U);
  EXPECT_THROW(write_reasoning_benchmark(options_, "inner", folder_ / "b"), ConfigError);
}

TEST_F(ReasoningWorldTest, IsTheSameEachTimeAndAsksAboutOtherScenesElsewhere) {
  write_reasoning_world(options_, folder_ / "a");
  write_reasoning_world(options_, folder_ / "b");
  write_reasoning_held_out(options_, 60, folder_ / "held_out");
  std::map<std::string, std::string> pictures;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "a")) {
    if (!entry.is_regular_file()) continue;
    const fs::path twin = folder_ / "b" / entry.path().lexically_relative(folder_ / "a");
    const std::string digest = digest_of_file(entry.path());
    EXPECT_EQ(digest, digest_of_file(twin)) << entry.path();
    if (entry.path().extension() != ".png") continue;
    EXPECT_TRUE(pictures.emplace(digest, entry.path()).second) << entry.path();
  }
  std::set<std::string> subtasks;
  for (const boost::json::object& row : rows_of(folder_ / "held_out" / "held_out.jsonl")) {
    const fs::path image = folder_ / "held_out" / row.at("image").as_string().c_str();
    EXPECT_EQ(pictures.count(digest_of_file(image)), 0U);
    const auto candidates = boost::json::value_to<std::vector<std::string>>(row.at("candidates"));
    EXPECT_THAT(candidates, ::testing::Contains(std::string(row.at("answer").as_string())));
    EXPECT_THAT(std::string(row.at("solution").as_string()),
                HasSubstr("The answer is " + std::string(row.at("answer").as_string()) + "."));
    subtasks.emplace(row.at("subtask").as_string());
  }
  EXPECT_THAT(subtasks, ElementsAre("difference", "price", "taken", "together"));
  EXPECT_EQ(rows_of(folder_ / "a" / "benchmarks" / "internal.jsonl").size(), 40U);
  EXPECT_EQ(rows_of(folder_ / "a" / "benchmarks" / "external.jsonl").size(), 40U);
}

}  // namespace
}  // namespace winnow::micro_world
