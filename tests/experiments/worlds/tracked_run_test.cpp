// What a run tells its trackers, as its user sees it: live and killed, and again from the cache.
// Its results are the same bytes without them.

#include <gmock/gmock.h>
#include <signal.h>

#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <thread>

#include "core/files.h"
#include "experiments/program/run_command.h"
#include "experiments/program/run_tracking.h"
#include "experiments/program_runner.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::HasSubstr;
using testing_support::Outcome;
using testing_support::ProgramTest;

class TrackedRunTest : public ProgramTest {
 protected:
  std::string command(const std::string& results, const std::string& more = "") const {
    return "run experiment=table1 scale=smoke seeds=[100] run.workers=2 '~methods.oracle' "
           "'~methods.diverse' " +
           more + " --results '" + (folder_ / results).string() + "'";
  }
  fs::path run_folder(const std::string& results) const {
    for (const auto& entry : fs::directory_iterator(folder_ / results)) {
      if (entry.path().filename().string().starts_with("table1")) return entry.path();
    }
    return {};
  }
  // Of all that was chosen and trained.
  static std::string digests(const fs::path& run) {
    const json::value content = json::parse(read_file(run / "provenance.json"));
    std::string text;
    for (const json::value& one : content.at("runs").as_array()) {
      text += json::serialize(
          json::array{one.at("method"), one.at("seed"), one.at("subset"), one.at("weights")});
    }
    return text;
  }
  // Values of metrics.csv by run, key and step.
  using Curves = std::map<std::string, std::map<int, std::string>>;
  static Curves curves(const fs::path& run, const std::string& kind) {
    Curves result;
    std::istringstream lines(read_file(run / "tracking/metrics.csv"));
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "run,step,time,key,value");
    while (std::getline(lines, line)) {
      std::vector<std::string> words;
      std::istringstream in(line);
      for (std::string word; std::getline(in, word, ',');) words.push_back(word);
      if (words.size() != 5 || !words[3].starts_with(kind)) continue;
      const bool is_new =
          result[words[0] + " " + words[3]].emplace(std::stoi(words[1]), words[4]).second;
      EXPECT_TRUE(is_new) << "told twice: " << line;
    }
    return result;
  }
};

TEST_F(TrackedRunTest, CurvesAreWholeAfterAKillAndFromTheCacheAndResultsAreTheSame) {
  // Nobody is told.
  const Outcome silent = run(command("silent", "'~trackers.files'"));
  ASSERT_EQ(silent.status, 0) << silent.err;
  EXPECT_FALSE(fs::exists(run_folder("silent") / "tracking"));
  // A second run tells of all that is there.
  const Outcome replayed = run(command("silent", "+tracker@trackers.tb=tensorboard"));
  ASSERT_EQ(replayed.status, 0) << replayed.err;
  EXPECT_THAT(replayed.err, HasSubstr(" 0 stages computed"));
  const Curves again = curves(run_folder("silent"), "train/loss");
  const std::map<int, std::string>& losses = again.at("temp_plus-seed-100 train/loss");
  ASSERT_GT(losses.size(), 5U);
  EXPECT_EQ(losses.begin()->first, 1);
  EXPECT_EQ(losses.rbegin()->first, static_cast<int>(losses.size()));
  EXPECT_TRUE(fs::exists(run_folder("silent") / "tracking/tensorboard/temp_plus-seed-100"));

  // Killed while it trains, as soon as it has told of a step.
  const std::string arguments =
      command("told", "+tracker@trackers.tb=tensorboard +tracker@trackers.wb=wandb");
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string text = "exec " + line(arguments);
    ::execl("/bin/sh", "sh", "-c", text.c_str(), nullptr);
    ::_exit(127);
  }
  bool told = false;
  for (int i = 0; i < 6000 && !told; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const fs::path run = fs::exists(folder_ / "told") ? run_folder("told") : fs::path();
    const fs::path journal = run / "tracking/journal.jsonl";
    told = !run.empty() && fs::exists(journal) &&
           read_file(journal).find("train/loss") != std::string::npos;
  }
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(told && WIFSIGNALED(status)) << read_file(folder_ / "err");
  const Outcome rest = run(arguments);
  ASSERT_EQ(rest.status, 0) << rest.err;

  EXPECT_EQ(curves(run_folder("told"), "train/loss"), again);
  EXPECT_EQ(curves(run_folder("told"), "train/gradient_norm"),
            curves(run_folder("silent"), "train/gradient_norm"));
  const Curves accuracies = curves(run_folder("told"), "accuracy/");
  EXPECT_EQ(accuracies, curves(run_folder("silent"), "accuracy/"));
  EXPECT_EQ(accuracies.at("temp_plus-seed-100 accuracy/average").size(), 6U)
      << "the base and five checkpoints";
  EXPECT_EQ(accuracies.at("temp_plus-seed-100 accuracy/average").rbegin()->first,
            losses.rbegin()->first);
  EXPECT_EQ(read_file(run_folder("told") / "scores.jsonl"),
            read_file(run_folder("silent") / "scores.jsonl"));
  EXPECT_EQ(digests(run_folder("told")), digests(run_folder("silent")));

  // Nothing is left to send.
  const Outcome synced = run("track sync '" + run_folder("told").string() + "'");
  EXPECT_EQ(synced.status, 0) << synced.err;
  EXPECT_THAT(synced.out, HasSubstr("all is sent"));
}

TEST_F(TrackedRunTest, MistakesAreFoundBeforeAnyDataIsRead) {
  testing_support::expect_config_error(run(command("none", "+tracker@trackers.a=tensorbord")),
                                       HasSubstr("'tensorboard'"));
  testing_support::expect_config_error(
      run(command("none", "+tracker@trackers.a=mlflow trackers.a.uri=mlruns")),
      HasSubstr("mlruns"));
  testing_support::expect_config_error(
      run("track sync nothing --results '" + folder_.string() + "'"),
      HasSubstr("there is no run 'nothing'"));
  EXPECT_FALSE(fs::exists(folder_ / "none"));
}

TEST(RunTracking, TrackersAreNoPartOfARunsName) {
  for (const char* text : {"+tracker@trackers.tb=tensorboard", "trackers.tb.folder=logs",
                           "++trackers.a=1", "~trackers.files", "tracker@trackers.x=mlflow"}) {
    EXPECT_TRUE(is_of_trackers(text)) << text;
    EXPECT_EQ(run_name({"experiment=table1", text}), "table1");
  }
  EXPECT_FALSE(is_of_trackers("trainer.batch_size=1"));
}

}  // namespace
}  // namespace winnow
