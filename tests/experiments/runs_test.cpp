#include <gmock/gmock.h>

#include <ctime>
#include <fstream>

#include "core/errors.h"
#include "experiments/runs/run_difference.h"
#include "experiments/runs/run_filter.h"
#include "experiments/runs/run_removal.h"
#include "experiments/runs/run_table.h"
#include "program_runner.h"
#include "synthetic_run.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing_support::SyntheticRun;
using testing_support::write_run;

class RunsTest : public testing_support::ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    results_ = folder_ / "results";
    SyntheticRun plain;
    plain.stages = {"pool/shared", "training/own"};
    write_run(results_ / "table1", plain);
    SyntheticRun changed;
    changed.overrides = {"experiment=table1", "trainer.learning_rate=0.002", "goal=temp_plus"};
    changed.config = "budget = 90\n[trainer]\nlearning_rate = 0.002\n";
    changed.methods[2].accuracy = 0.6;
    changed.stages = {"pool/shared", "training/other"};
    write_run(results_ / "table1,changed", changed);
    SyntheticRun failed;
    failed.overrides = {"experiment=ost"};
    failed.finished = false;
    failed.stages = {"pool/shared"};
    write_run(results_ / "ost", failed);
    for (const char* stage : {"pool/shared", "training/own", "training/other", "training/nobody",
                              "training/.half.work"}) {
      write_file(results_ / "stages" / stage / "weights", "1234567890");
    }
  }

  std::vector<winnow::Run> runs() const {
    std::vector<std::string> problems;
    std::vector<winnow::Run> all = list_runs(results_, problems);
    EXPECT_THAT(problems, IsEmpty());
    return all;
  }
  std::vector<std::string> matching(const std::string& filter) const {
    std::vector<std::string> names;
    const RunFilter compiled(filter);
    for (const winnow::Run& run : runs()) {
      if (compiled.matches(run, now_)) names.push_back(run.name);
    }
    return names;
  }
  // Every file and folder below the results, without what lies in them.
  bool is_there(const std::string& place) const { return fs::exists(results_ / place); }
  testing_support::Outcome winnow(const std::string& arguments) const {
    return run(arguments + " --results '" + results_.string() + "'");
  }

  fs::path results_;
  const std::int64_t now_ = std::time(nullptr);
};

TEST_F(RunsTest, SayWhatTheyAre) {
  const std::vector<winnow::Run> all = runs();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "ost");
  EXPECT_EQ(all[0].state, "failed");
  EXPECT_EQ(all[0].message, "it was made to fail");
  EXPECT_TRUE(all[0].methods.empty());
  EXPECT_EQ(all[2].experiment, "table1");
  EXPECT_EQ(all[2].state, "done");
  EXPECT_THAT(all[2].overrides, ElementsAre("trainer.learning_rate=0.002", "goal=temp_plus"));
  EXPECT_EQ(all[2].config().at("trainer.learning_rate").value, "0.002");
  EXPECT_EQ(all[2].config().at("trainer.learning_rate").origin, "configs/experiment/table1.toml:3");
  EXPECT_THAT(all[2].choices.at("experiment"), ElementsAre("table1"));
  ASSERT_NE(all[1].best(), nullptr);
  EXPECT_EQ(all[1].best()->name, "good");  // the reference is no method
  EXPECT_GT(all[1].best()->average, 70.0);
  EXPECT_LE(now_ - *all[1].time, 60);
}

TEST_F(RunsTest, ARunWhoseProcessIsGoneWasKilled) {
  const fs::path file = results_ / "table1" / kRunFile;
  const auto rewrite = [&](const std::string& process, const std::string& host) {
    boost::json::object record = boost::json::parse(read_file(file)).as_object();
    record["state"] = "running";
    record["process"] = process;
    record["host"] = host;
    write_file(file, boost::json::serialize(record));
  };
  rewrite("4194304-1", host_name());  // above every process number
  EXPECT_EQ(find_run(results_, "table1").state, "killed");
  rewrite(process_mark(::getpid()) + "0", host_name());  // its number, started at another time
  EXPECT_EQ(find_run(results_, "table1").state, "killed");
  rewrite(process_mark(::getpid()), host_name());
  EXPECT_EQ(find_run(results_, "table1").state, "running");
  rewrite("4194304-1", "another machine");
  EXPECT_EQ(find_run(results_, "table1").state, "running");
}

TEST_F(RunsTest, OneThatThrowsIsRecordedAsFailed) {
  const config::Value config = config::parse_toml("a = 1\n", "x.toml");
  try {
    const RunRecord record(results_ / "thrown", {"experiment=x"}, config);
    throw std::runtime_error("something");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(find_run(results_, "thrown").state, "failed");
}

TEST_F(RunsTest, WithoutARecordAreReadByConfigAndProvenance) {
  fs::remove(results_ / "table1" / kRunFile);
  fs::remove(results_ / "table1" / kConfigOriginsFile);
  write_file(results_ / "table1" / "config.toml", "budget = 5\n");
  write_file(results_ / "table1" / kProvenanceFile,
             R"({"time":"2026-01-31T12:00:00Z","commit":"abc","modified":true,"command":"c"})");
  const winnow::Run run = find_run(results_, "table1");
  EXPECT_EQ(run.state, "done");
  EXPECT_EQ(run.time, 1769860800);
  EXPECT_EQ(run.config().at("budget").origin, "config.toml:1");
  EXPECT_EQ(run.commit, "abc");
  EXPECT_TRUE(run.modified);
}

TEST_F(RunsTest, OfAGridAreListedBelowIt) {
  SyntheticRun grid;
  write_run(results_ / "grid" / "early", grid);
  write_file(results_ / "grid" / "config.toml", "budget = 5\n");
  EXPECT_THAT(matching("grid"), ElementsAre("grid", "grid/early"));
}

TEST_F(RunsTest, WhatCannotBeReadIsToldAndStopsNothing) {
  write_file(results_ / "broken" / kRunFile, "{");
  std::vector<std::string> problems;
  EXPECT_EQ(list_runs(results_, problems).size(), 3U);
  EXPECT_THAT(problems, ElementsAre(HasSubstr("broken/run.json")));
}

TEST_F(RunsTest, AreFiltered) {
  EXPECT_THAT(matching(""), ElementsAre("ost", "table1", "table1,changed"));
  EXPECT_THAT(matching("goal=temp*"), ElementsAre("table1,changed"));
  EXPECT_THAT(matching("goal=temp* and average>90"), IsEmpty());
  EXPECT_THAT(matching("goal=temp* or state=failed"), ElementsAre("ost", "table1,changed"));
  EXPECT_THAT(matching("not (goal=temp* or state=failed)"), ElementsAre("table1"));
  EXPECT_THAT(matching("changed"), ElementsAre("table1,changed"));
  EXPECT_THAT(matching("budget>=60 and budget<90"), ElementsAre("ost", "table1"));
  EXPECT_THAT(matching("trainer.learning_rate=2e-3"), ElementsAre("table1,changed"));
  EXPECT_THAT(matching("good.average>70 and cost<400"), ElementsAre("table1"));
  EXPECT_THAT(matching("age<1h and name='table1,changed'"), ElementsAre("table1,changed"));
  EXPECT_THAT(matching("age>2d"), IsEmpty());
  // What a run does not have fulfils no comparison, either way.
  EXPECT_THAT(matching("average!=1"), ElementsAre("table1", "table1,changed"));
  EXPECT_THAT(matching("average=1"), IsEmpty());
  EXPECT_THAT(matching("not average>0"), ElementsAre("ost"));
}

TEST_F(RunsTest, AFilterThatCannotBeReadPointsToThePlace) {
  const auto message = [](const std::string& text) -> std::string {
    try {
      RunFilter{text};
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message("a=1 b=2"), HasSubstr("expected `and`, `or` or the end at 'b=2'"));
  EXPECT_THAT(message("a= and b=2"), Not(IsEmpty()));
  EXPECT_THAT(message("(a=1"), HasSubstr("expected ')'"));
  EXPECT_THAT(message("a='x"), HasSubstr("a quote is not closed"));
  EXPECT_THAT(message("age<soon"), HasSubstr("a time as 30min, 12h or 2d"));
  EXPECT_THAT(message("a=1 and"), HasSubstr("expected KEY=VALUE or a name"));
  EXPECT_EQ(message("notes=1"), "");
  try {
    RunFilter("bugdet>3").check_keys(runs(), now_);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Did you mean 'budget'?"));
  }
}

TEST_F(RunsTest, AreSorted) {
  const auto sorted = [&](const std::string& key) {
    std::vector<winnow::Run> all = runs();
    sort_runs(all, key, now_);
    std::vector<std::string> names;
    for (const winnow::Run& run : all) names.push_back(run.name);
    return names;
  };
  EXPECT_THAT(sorted("average"), ElementsAre("table1,changed", "table1", "ost"));
  EXPECT_THAT(sorted("-average"), ElementsAre("table1", "table1,changed", "ost"));
  EXPECT_THAT(sorted("-name"), ElementsAre("table1,changed", "table1", "ost"));
  EXPECT_THROW(sorted("avrage"), ConfigError);
}

TEST_F(RunsTest, DifferByKeyCodeAndDigest) {
  write_file(
      results_ / "table1,changed" / kProvenanceFile,
      R"({"commit":"c1","libtorch":"1.13.0","worlds":[{"seed":100,"world":"p1","base":"b0"}],)"
      R"("runs":[{"method":"good","seed":1,"subset":"s2","weights":"w-good-1"}]})");
  const std::vector<Table> tables =
      run_difference(find_run(results_, "table1"), find_run(results_, "table1,changed"));
  const std::string text = to_terminal(tables, false);
  EXPECT_THAT(text, HasSubstr("configs/experiment/table1.toml:3"));
  ASSERT_EQ(tables[0].rows.size(), 2U);  // budget and learning rate
  ASSERT_EQ(tables[1].rows.size(), 1U);
  EXPECT_THAT(text, testing::ContainsRegex("commit +c0 +c1"));
  EXPECT_THAT(text, testing::ContainsRegex("world 100: pool +p0 +p1"));
  EXPECT_THAT(text, testing::ContainsRegex("good, seed 1: subset +s-good +s2"));
  EXPECT_THAT(text, Not(HasSubstr("good, seed 1: weights")));
  const std::vector<Table> none =
      run_difference(find_run(results_, "table1"), find_run(results_, "table1"));
  for (const Table& table : none) EXPECT_THAT(table.notes, ElementsAre(HasSubstr("No difference")));
}

TEST_F(RunsTest, GoWithTheStagesThatTheyAloneUse) {
  const testing_support::Outcome dry = winnow("runs rm table1 --dry-run");
  EXPECT_EQ(dry.status, 0) << dry.err;
  EXPECT_EQ(dry.out.substr(0, dry.out.find("Would")), "  table1\n  stages/training/own\n");
  EXPECT_TRUE(is_there("table1") && is_there("stages/training/own"));
  const testing_support::Outcome done = winnow("runs rm table1");
  EXPECT_THAT(done.out, HasSubstr("Removed: 1 run and 1 stage output"));
  EXPECT_FALSE(is_there("table1"));
  EXPECT_FALSE(is_there("stages/training/own"));
  EXPECT_TRUE(is_there("stages/pool/shared/weights") && is_there("stages/training/nobody"));
  EXPECT_TRUE(is_there("table1,changed/run.json"));
  // No lock and nothing half removed is left.
  for (const auto& entry : fs::directory_iterator(results_ / "stages/training")) {
    EXPECT_THAT(entry.path().filename().string(), Not(testing::EndsWith(".lock")));
    EXPECT_THAT(entry.path().filename().string(), Not(testing::EndsWith(".removed")));
  }
}

TEST_F(RunsTest, LeaveStagesThatNobodyUsesToTheCollection) {
  const testing_support::Outcome dry = winnow("runs gc");
  EXPECT_EQ(dry.out,
            "  stages/training/.half.work\n  stages/training/nobody\n"
            "Would be removed: 2 stage outputs, 20 B\n"
            "winnow runs gc --remove takes them away.\n");
  EXPECT_TRUE(is_there("stages/training/nobody"));
  EXPECT_EQ(winnow("runs gc --remove").status, 0);
  EXPECT_FALSE(is_there("stages/training/nobody"));
  EXPECT_FALSE(is_there("stages/training/.half.work"));
  EXPECT_TRUE(is_there("stages/training/own/weights"));
  EXPECT_EQ(winnow("runs gc").out, "Would be removed: 0 stage outputs, 0 B\n");
}

TEST_F(RunsTest, NothingGoesThatSomebodyMayNeed) {
  // One that does not say what it needs.
  fs::remove(results_ / "ost" / kUsedStagesFile);
  expect_config_error(winnow("runs gc --remove"), HasSubstr("ost does not say which stages"));
  expect_config_error(winnow("runs rm table1"), HasSubstr("ost does not say which stages"));
  EXPECT_EQ(winnow("runs rm ost --keep-stages").status, 0);
  EXPECT_EQ(winnow("runs gc").status, 0);
  // One that runs: here, in this process.
  {
    const RunRecord running(results_ / "running", {"experiment=x"},
                            config::parse_toml("a = 1\n", "x.toml"));
    expect_config_error(winnow("runs gc --remove"), HasSubstr("running is running"));
    expect_config_error(winnow("runs rm table1"), HasSubstr("running is running"));
  }
  EXPECT_TRUE(is_there("table1"));
  expect_config_error(winnow("runs rm tabel1"), HasSubstr("Did you mean 'table1'?"));
  // A stage that a process works on stays.
  const fs::path lock = results_ / "stages/training/.nobody.lock";
  const std::string command = "flock '" + lock.string() +
                              "' '" WINNOW_PROGRAM "' runs gc --remove --results '" +
                              results_.string() + "' > '" + (folder_ / "held").string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_THAT(read_file(folder_ / "held"), HasSubstr("training/nobody stays"));
  EXPECT_TRUE(is_there("stages/training/nobody"));
}

TEST_F(RunsTest, ArePrintedInEachFormat) {
  const testing_support::Outcome table =
      winnow("runs 'average>10' --sort -average --columns budget");
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_LT(table.out.find("table1 "), table.out.find("table1,changed"));
  EXPECT_THAT(table.out, HasSubstr("trainer.learning_rate=0.002 goal=temp_plus"));
  const auto list = boost::json::parse(winnow("runs --format json --sort name").out).as_array();
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].at("state").as_string(), "failed");
  EXPECT_TRUE(list[0].at("cpu_seconds").is_null());
  EXPECT_EQ(list[1].at("methods").at(2).at("name").as_string(), "good");
  EXPECT_THAT(winnow("runs --format csv").out,
              testing::ContainsRegex("\"table1,changed\",done,[0-9]+,good,"));
  EXPECT_THAT(winnow("runs show table1").out, testing::ContainsRegex("good +60 "));
  EXPECT_THAT(winnow("runs nothing").out, HasSubstr("None of 3 runs matches."));
  expect_config_error(winnow("runs --format jsn"), HasSubstr("Did you mean 'json'?"));
  expect_config_error(winnow("runs --columns bugdet"), HasSubstr("Did you mean 'budget'?"));
}

TEST_F(RunsTest, OfOthersRunNothingInATerminalOrSpreadsheet) {
  SyntheticRun hostile;
  hostile.overrides = {"experiment==cmd()", "note=\x1b]0;owned\x07"};
  hostile.methods[2].name = "=HYPERLINK(1)";
  write_run(results_ / "\x1b[2J<script>", hostile);
  const std::string terminal = winnow("runs").out;
  EXPECT_EQ(terminal.find('\x1b'), std::string::npos);
  const std::string csv = winnow("runs --format csv").out;
  EXPECT_EQ(csv.find('\x1b'), std::string::npos);
  EXPECT_THAT(csv, HasSubstr(",'=cmd(),"));
  EXPECT_THAT(csv, HasSubstr(",'=HYPERLINK(1),"));
  EXPECT_EQ(winnow("runs --format markdown").out.find("<script>"), std::string::npos);
}

}  // namespace
}  // namespace winnow
