// A run and a server that fails it in every way: nothing is lost, nothing is there twice, and who
// says something does not wait.

#include "trackers/tracking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "config/read.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/logging.h"
#include "temporary_folder.h"
#include "trackers/journal.h"
#include "trackers/mlflow_server.h"
#include "trackers/tracker.h"

namespace winnow {
namespace {

using test::MlflowServer;
using test::Reply;
using test::Request;
using testing::HasSubstr;
using testing_support::temporary_folder;
namespace fs = std::filesystem;

constexpr int kSteps = 3000;
constexpr double kTime = 1.7e9;  // of step 0

class TrackingTest : public testing::Test {
 protected:
  void SetUp() override { spdlog::set_level(spdlog::level::off); }
  void TearDown() override { spdlog::set_level(spdlog::level::info); }

  TrackingPlan plan() const { return {temporary_folder() / "mine", "mine", "", "identity"}; }
  config::Value table(const std::string& text) const { return config::parse_toml(text, "test"); }
  config::Value mlflow(const std::string& uri, double patience = 0.3) const {
    return table(
        fmt::format("mine = {{type = 'mlflow', uri = '{}', patience = {}}}", uri, patience));
  }
  std::vector<SyncResult> sync(double patience = 20.0) const {
    return sync_tracking(plan().folder, nullptr, patience);
  }
  fs::path tracked() const { return plan().folder / "tracking"; }
};

// Steps `first` to `last` of a child.
void say(const TrackedRun& run, int first = 1, int last = kSteps) {
  const TrackedRun child = run.child("temp", "identity");
  child.parameter("seed", "7");
  for (int step = first; step <= last; ++step) {
    child.scalars(step, {{"train/loss", 1.0 / step}, {"train/rate", 2.0 * step}}, kTime + step);
  }
}

void expect_everything(const std::map<std::string, test::StoredRun>& runs, int steps = kSteps) {
  ASSERT_TRUE(runs.contains("mine"));
  ASSERT_TRUE(runs.contains("mine/temp"));
  const test::StoredRun& child = runs.at("mine/temp");
  EXPECT_EQ(child.parameters.at("seed"), "7");
  EXPECT_NE(child.parent, "");
  std::set<std::tuple<std::string, std::int64_t, std::int64_t>> seen;
  for (const auto& [key, step, value, time] : child.metrics) {
    EXPECT_TRUE(seen.emplace(key, step, time).second) << key << " " << step;
    EXPECT_EQ(time, static_cast<std::int64_t>((kTime + static_cast<double>(step)) * 1000));
    const double expected =
        key == "train/loss" ? 1.0 / static_cast<double>(step) : 2.0 * static_cast<double>(step);
    EXPECT_DOUBLE_EQ(std::stod(value), expected);
  }
  EXPECT_EQ(seen.size(), 2U * static_cast<std::size_t>(steps));
}

TEST_F(TrackingTest, AllGoesWell) {
  MlflowServer server;
  const config::Value trackers = mlflow(server.uri(), 30);
  Tracking tracking(plan(), &trackers);
  for (int i = 0; i < 250; ++i) tracking.run().setting(fmt::format("a.key{}", i), "value");
  tracking.run().tag("commit", "abc");
  say(tracking.run());
  const fs::path file = temporary_folder() / "table.csv";
  write_file(file, "a,b\n");
  tracking.run().artifact("tables/table.csv", file);
  write_file(file, "later content");
  tracking.finish(RunStatus::finished);
  const auto runs = server.runs();
  expect_everything(runs);
  EXPECT_EQ(runs.at("mine").status, "FINISHED");
  EXPECT_EQ(runs.at("mine/temp").status, "FINISHED");
  EXPECT_EQ(runs.at("mine").parameters.size(), 250U);
  EXPECT_EQ(runs.at("mine").tags.at("mlflow.source.git.commit"), "abc");
  EXPECT_EQ(runs.at("mine").artifacts.at("tables/table.csv"), "a,b\n");
  EXPECT_THAT(server.complaints(), testing::IsEmpty());
  EXPECT_EQ(server.count(), 2U);
}

struct Case {
  std::string name;
  std::function<Reply()> trouble;
  bool passes;  // by itself
};

class TroubleTest : public TrackingTest, public testing::WithParamInterface<Case> {};

TEST_P(TroubleTest, LosesNothingAndHoldsNobodyUp) {
  std::atomic<int> answered{0};
  // After a few good answers, so that it comes in the middle of a run.
  const auto trouble = [&](const Request&) -> std::optional<Reply> {
    if (answered++ < 6) return std::nullopt;
    return GetParam().trouble();
  };
  MlflowServer server(trouble);
  const config::Value trackers = mlflow(server.uri());
  const auto begin = std::chrono::steady_clock::now();
  double said = 0.0;
  {
    Tracking tracking(plan(), &trackers);
    say(tracking.run());
    said = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    tracking.finish(RunStatus::finished);
  }
  const double all =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  EXPECT_LT(said, 1.0) << "who says something waits";
  EXPECT_LT(all, 8.0) << "the end waits longer than its patience";
  EXPECT_LT(server.runs()["mine/temp"].metrics.size(), 2U * kSteps);

  std::vector<SyncResult> results = sync(3.0);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_GT(results[0].left, 0U);
  EXPECT_NE(results[0].problem, "");
  server.set_trouble({});
  results = sync();
  EXPECT_EQ(results[0].left, 0U) << results[0].problem;
  expect_everything(server.runs());
  EXPECT_EQ(server.runs().at("mine").status, "FINISHED");
  EXPECT_EQ(server.count(), 2U);
  const int requests = server.requests();
  EXPECT_EQ(sync()[0].left, 0U);
  EXPECT_EQ(server.requests(), requests) << "what is sent is sent again";
}

INSTANTIATE_TEST_SUITE_P(All, TroubleTest,
                         testing::Values(Case{"no_key",
                                              [] {
                                                return Reply{401, R"({"message": "who are you?"})"};
                                              },
                                              false},
                                         Case{"busy",
                                              [] {
                                                return Reply{429, "{}", {"Retry-After: 1"}};
                                              },
                                              true},
                                         Case{"broken",
                                              [] {
                                                return Reply{500, "<html>"};
                                              },
                                              true},
                                         Case{"hangs", [] { return test::stall(); }, true},
                                         Case{"drops", [] { return test::drop(); }, true}),
                         [](const auto& one) { return one.param.name; });

TEST_F(TrackingTest, TroubleThatPassesIsOverBeforeTheEnd) {
  std::atomic<int> requests{0};
  MlflowServer server([&](const Request&) -> std::optional<Reply> {
    const int number = requests++;
    if (number % 4 == 3) return Reply{503, "{}"};
    return std::nullopt;
  });
  const config::Value trackers = mlflow(server.uri(), 60);
  Tracking tracking(plan(), &trackers);
  say(tracking.run(), 1, 500);
  tracking.finish(RunStatus::finished);
  expect_everything(server.runs(), 500);
  EXPECT_EQ(server.runs().at("mine").status, "FINISHED");
  EXPECT_EQ(server.count(), 2U);
}

TEST_F(TrackingTest, ServerThatIsDownAtTheStart) {
  const config::Value nowhere = mlflow("http://127.0.0.1:1");
  {
    Tracking tracking(plan(), &nowhere);
    say(tracking.run());
    tracking.finish(RunStatus::finished);
  }
  EXPECT_GT(sync(1.0)[0].left, 0U);
  MlflowServer server;
  const config::Value trackers = mlflow(server.uri());
  const auto results = sync_tracking(plan().folder, &trackers, 20.0);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].left, 0U) << results[0].problem;
  expect_everything(server.runs());
}

// Runs `work` in a process of its own, which has to be killed by it.
void in_killed_process(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
}

TEST_F(TrackingTest, KilledRunGoesOnAsTheSameOne) {
  const auto trackers = table("files = {type = 'files'}");
  const TrackingPlan one = plan();  // before there is another process
  in_killed_process([&] {
    Tracking tracking(one, &trackers);
    say(tracking.run(), 1, 2000);
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    ::raise(SIGKILL);  // before anybody can end the run
  });
  MlflowServer server;
  auto both = mlflow(server.uri(), 30);
  both.set("files", trackers.at("files"));
  {
    Tracking tracking(plan(), &both);
    say(tracking.run(), 1500);
    tracking.finish(RunStatus::finished);
  }
  expect_everything(server.runs());
  EXPECT_EQ(server.count(), 2U);
  std::ifstream csv(tracked() / "metrics.csv");
  std::map<std::string, int> lines;
  for (std::string line; std::getline(csv, line);) ++lines[line];
  int losses = 0;
  for (const auto& [line, count] : lines) {
    EXPECT_EQ(count, 1) << line;
    losses += line.find(",train/loss,") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(losses, kSteps);
}

TEST_F(TrackingTest, KilledRunEndsAsKilledWhereItIsNotContinued) {
  const auto trackers = table("files = {type = 'files'}");
  const TrackingPlan one = plan();  // before there is another process
  in_killed_process([&] {
    Tracking tracking(one, &trackers);
    say(tracking.run(), 1, 10);
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    ::raise(SIGKILL);  // before anybody can end the run
  });
  MlflowServer server;
  const config::Value more = mlflow(server.uri());
  const auto results = sync_tracking(plan().folder, &more, 20.0);
  ASSERT_EQ(results.size(), 2U);
  expect_everything(server.runs(), 10);
  EXPECT_EQ(server.runs().at("mine").status, "KILLED");
  EXPECT_EQ(server.runs().at("mine/temp").status, "KILLED");
  {
    Tracking tracking(plan(), &more);
    say(tracking.run(), 5, 20);
    tracking.finish(RunStatus::finished);
  }
  EXPECT_EQ(sync_tracking(plan().folder, &more, 20.0)[0].left, 0U);
  expect_everything(server.runs(), 20);
  EXPECT_EQ(server.runs().at("mine").status, "FINISHED");
  EXPECT_EQ(server.runs().at("mine/temp").status, "FINISHED");
  EXPECT_EQ(server.count(), 2U);
}

TEST_F(TrackingTest, RunThatThrowsHasFailed) {
  MlflowServer server;
  const config::Value trackers = mlflow(server.uri(), 30);
  { const Tracking tracking(plan(), &trackers); }
  EXPECT_EQ(server.runs().at("mine").status, "FAILED");
}

TEST_F(TrackingTest, OtherConfigIsAnotherRunAndTheEarlierOneIsKept) {
  const config::Value nowhere = mlflow("http://127.0.0.1:1", 0.0);
  {
    Tracking tracking(plan(), &nowhere);
    say(tracking.run(), 1, 10);
    tracking.finish(RunStatus::finished);
  }
  TrackingPlan other = plan();
  other.identity = "another";
  {
    Tracking tracking(other, &nowhere);
    tracking.run().scalars(1, {{"train/loss", 5.0}});
    tracking.finish(RunStatus::finished);
  }
  MlflowServer server;
  const config::Value trackers = mlflow(server.uri());
  const auto results = sync_tracking(plan().folder, &trackers, 20.0);
  ASSERT_EQ(results.size(), 2U);
  expect_everything(server.runs(), 10);
  EXPECT_EQ(server.runs().at("mine.2").metrics.size(), 1U);
}

TEST_F(TrackingTest, SweepIsAParent) {
  MlflowServer server;
  const config::Value trackers = mlflow(server.uri(), 30);
  for (const char* name : {"one", "two"}) {
    TrackingPlan one = plan();
    one.folder = temporary_folder() / name;
    one.name = name;
    one.group = "a sweep's name";
    Tracking tracking(one, &trackers);
    tracking.finish(RunStatus::finished);
  }
  const auto runs = server.runs();
  ASSERT_EQ(server.count(), 3U);
  EXPECT_EQ(runs.at("a sweep's name").status, "FINISHED");
  EXPECT_NE(runs.at("one").parent, "");
  EXPECT_EQ(runs.at("one").parent, runs.at("two").parent);
}

TEST_F(TrackingTest, SecondProcessOfARunTellsNobody) {
  const auto trackers = table("files = {type = 'files'}");
  Tracking first(plan(), &trackers);
  Tracking second(plan(), &trackers);
  EXPECT_TRUE(first.run().is_told());
  EXPECT_FALSE(second.run().is_told());
  EXPECT_THROW(sync(), ConfigError);
  second.finish(RunStatus::finished);
  first.finish(RunStatus::finished);
  EXPECT_EQ(sync()[0].left, 0U);
}

TEST_F(TrackingTest, FolderThatCannotBeWrittenIsAWarning) {
  write_file(temporary_folder() / "mine", "a file");
  const auto trackers = table("files = {type = 'files'}");
  Tracking tracking(plan(), &trackers);
  EXPECT_FALSE(tracking.run().is_told());
  tracking.run().scalars(1, {{"a", 1.0}});
  tracking.finish(RunStatus::finished);
}

TEST_F(TrackingTest, MoreThanTheQueueHoldsIsKept) {
  const auto trackers = table("files = {type = 'files'}");
  Tracking tracking(plan(), &trackers);
  constexpr int steps = 200000;
  for (int step = 1; step <= steps; ++step) tracking.run().scalars(step, {{"a", 1.0}});
  tracking.finish(RunStatus::finished);
  std::ifstream csv(tracked() / "metrics.csv");
  int lines = 0;
  for (std::string line; std::getline(csv, line);) lines += line.find(",a,") != std::string::npos;
  EXPECT_EQ(lines, steps);
}

TEST_F(TrackingTest, MistakesOfTheUser) {
  const auto message = [&](const std::string& text) -> std::string {
    try {
      const config::Value trackers = table(text);
      make_trackers(trackers);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message("a = {type = 'tensorbord'}"), HasSubstr("tensorboard"));
  EXPECT_THAT(message("a = 1"), HasSubstr("trackers.a"));
  EXPECT_THAT(message("'../a' = {type = 'files'}"), HasSubstr("letters"));
  EXPECT_THAT(message("a = {type = 'mlflow', uri = 'mlruns'}"), HasSubstr("'mlruns'"));
  EXPECT_THAT(message("a = {type = 'mlflow', uri = 'http://me:secret@host'}"),
              testing::Not(HasSubstr("secret")));
  ::unsetenv("MLFLOW_TRACKING_URI");
  EXPECT_THAT(message("a = {type = 'mlflow'}"), HasSubstr("MLFLOW_TRACKING_URI"));
  EXPECT_THROW(sync_tracking(temporary_folder(), nullptr, 1.0), ConfigError);
}

TEST_F(TrackingTest, CredentialsComeFromTheEnvironmentAndAreNotStored) {
  std::mutex mutex;
  std::set<std::string> lines;
  MlflowServer server([&](const Request& request) -> std::optional<Reply> {
    const std::size_t at = request.head.find("Authorization: ");
    const std::lock_guard lock(mutex);
    lines.insert(at == std::string::npos
                     ? "none"
                     : request.head.substr(at, request.head.find('\r', at) - at));
    return std::nullopt;
  });
  ::setenv("MLFLOW_TRACKING_TOKEN", "very-secret", 1);
  const config::Value trackers = mlflow(server.uri(), 30);
  {
    Tracking tracking(plan(), &trackers);
    tracking.finish(RunStatus::finished);
  }
  ::unsetenv("MLFLOW_TRACKING_TOKEN");
  EXPECT_THAT(lines, testing::ElementsAre("Authorization: Bearer very-secret"));
  for (const auto& entry : fs::recursive_directory_iterator(plan().folder)) {
    if (entry.is_regular_file()) {
      EXPECT_THAT(read_file(entry.path()), testing::Not(HasSubstr("very-secret"))) << entry.path();
    }
  }
}

}  // namespace
}  // namespace winnow
