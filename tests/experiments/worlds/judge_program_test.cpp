// Runs the built program against an endpoint of this process.

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>

#include "core/files.h"
#include "core/hash.h"
#include "endpoints/local_server.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class JudgeProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing_support::temporary_folder();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  int run(const std::string& arguments) {
    return call(arguments + " --results '" + (folder_ / "results").string() + "'");
  }

  int call(const std::string& arguments) {
    const std::string line = "'" WINNOW_PROGRAM "' " + arguments + " >'" +
                             (folder_ / "out").string() + "' 2>'" + (folder_ / "err").string() +
                             "'";
    const int status = std::system(line.c_str());
    out_ = read_file(folder_ / "out");
    err_ = read_file(folder_ / "err");
    return WEXITSTATUS(status);
  }

  fs::path folder_;
  std::string out_, err_;
};

TEST_F(JudgeProgramTest, SelectsWhatTheJudgeGradesBest) {
  ::setenv("WINNOW_TEST_KEY", "sk-secret-of-the-test", 1);
  test::LocalServer server([](const test::Request& request) {
    const std::string asked = request.user_text();
    return test::says("{\"score\": " + std::to_string(1 + hash64(asked) % 5) + "}", 300, 8);
  });
  const std::string arguments =
      "run experiment=judge scale=smoke run.workers=2 seeds=[100] judge.model=grader "
      "judge.api_key_variable=WINNOW_TEST_KEY judge.price.per_million_prompt_tokens=2 "
      "judge.price.currency=EUR judge.base_url=" +
      server.url();
  ASSERT_EQ(run(arguments), 0) << err_;
  EXPECT_THAT(out_,
              AllOf(HasSubstr("Judge"), HasSubstr("What judges were asked"), HasSubstr("EUR")));
  const int asked = server.count();
  EXPECT_GT(asked, 300);
  EXPECT_THAT(server.requests().front().head, HasSubstr("Bearer sk-secret-of-the-test"));
  EXPECT_THAT(server.requests().front().body, HasSubstr("data:image/jpeg;base64,"));
  ASSERT_EQ(run(arguments), 0) << err_;
  EXPECT_THAT(err_, HasSubstr(" 0 stages computed"));
  // Computed again, from answers that are there; another base model asks nobody anything.
  ASSERT_EQ(run(arguments + " --fresh"), 0) << err_;
  EXPECT_EQ(server.count(), asked);
  ASSERT_EQ(run(arguments + " base.learning_rate=6e-4"), 0) << err_;
  EXPECT_EQ(server.count(), asked);
  ::unsetenv("WINNOW_TEST_KEY");

  std::size_t tables = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    if (!entry.is_regular_file()) continue;
    tables += entry.path().filename() == "judge.values.npy" ? 1 : 0;
    if (entry.file_size() < 1000000) {
      ASSERT_THAT(read_file(entry.path()), Not(HasSubstr("sk-secret"))) << entry.path();
    }
  }
  EXPECT_EQ(tables, 1U);
}

TEST_F(JudgeProgramTest, MistakesAreFoundBeforeAnyDataIsRead) {
  EXPECT_EQ(run("run experiment=judge scale=smoke"), 2);
  EXPECT_THAT(err_, HasSubstr("`model` is empty"));
  EXPECT_EQ(run("run experiment=judge scale=smoke judge.model=m "
                "judge.api_key_variable=WINNOW_NO_SUCH_KEY"),
            2);
  EXPECT_THAT(err_, HasSubstr("WINNOW_NO_SUCH_KEY"));
  EXPECT_EQ(run("run experiment=judge scale=smoke judge.model=m selector.column=juge"), 2);
  EXPECT_THAT(err_, HasSubstr("judge"));
  EXPECT_EQ(run("run experiment=table1 scale=smoke +judge=llm_judge judge.model=m"), 2);
  EXPECT_THAT(err_, HasSubstr("no method's selector reads a column"));
  EXPECT_EQ(run("run experiment=judge scale=smoke judge.model=m 'judge.prompt.user=\"{qestion}\"'"),
            2);
  EXPECT_THAT(err_, HasSubstr("question"));
  EXPECT_FALSE(fs::exists(folder_ / "results"));
}

TEST_F(JudgeProgramTest, DeitaComposesFromTwoJudges) {
  EXPECT_EQ(call("config experiment=deita judge.quality.model=grader"), 0) << err_;
  EXPECT_THAT(out_, AllOf(HasSubstr("[judge.complexity.prompt]"), HasSubstr("How hard is it"),
                          HasSubstr("minimum_distance")));
}

}  // namespace
}  // namespace winnow
