// Runs the built program as a user does.

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "core/files.h"
#include "experiments/program/run_command.h"
#include "experiments/program_runner.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing_support::expect_config_error;
using testing_support::Outcome;
using testing_support::ProgramTest;

TEST_F(ProgramTest, AMisspeltOptionNamesTheNearest) {
  expect_config_error(run("config trainer.lerning_rate=1"),
                      AllOf(HasSubstr("trainer.lerning_rate"), HasSubstr("'learning_rate'")));
}

TEST_F(ProgramTest, AMissingGroupAndAMissingOptionAreNamed) {
  expect_config_error(run("config experiment=tabel1"), HasSubstr("'table1'"));
  expect_config_error(run("config modle=micro"), HasSubstr("'model'"));
}

TEST_F(ProgramTest, AMisspeltSelectorOfARunNamesTheNearest) {
  const std::string of_ost = "run experiment=ost scale=smoke selector.type=";
  expect_config_error(run(of_ost + "unifrom"), HasSubstr("'uniform'"));
  expect_config_error(run(of_ost + "anything_else"), AllOf(HasSubstr("gdo"), HasSubstr("top_k")));
}

TEST_F(ProgramTest, ASyntaxErrorHasItsLine) {
  write_config("scale/broken", "seeds = [1]\nworlds = = 2\n");
  expect_config_error(run("config scale=broken" + with_configs()), HasSubstr("broken.toml:2"));
}

TEST_F(ProgramTest, AnInterpolationCycleIsPrinted) {
  write_config("scale/round",
               "budget = \"${reference_multiple}\"\nreference_multiple = \"${budget}\"\n");
  expect_config_error(run("config scale=round" + with_configs()),
                      AllOf(HasSubstr("budget"), HasSubstr("reference_multiple")));
}

TEST_F(ProgramTest, ATableThatNothingReadsIsAnError) {
  expect_config_error(run("run experiment=table1 +gaol.x=1 --results '" + folder_.string() + "'"),
                      HasSubstr("gaol"));
}

TEST_F(ProgramTest, AnAddedOptionThatNothingReadsIsAnErrorBeforeAnyDataIsRead) {
  for (const char* key :
       {"trainer.sped", "world.sped", "pool.sped", "model.sped", "benchmarks.short.sped",
        "benchmarks.short.evaluator.sped", "sampling.sped", "base.sped", "features.sped",
        "recipe.sped", "run.sped", "descriptors.sped", "methods.temp.sped",
        "methods.temp.selector.sped", "published.sped"}) {
    const fs::path results = folder_ / "results";
    expect_config_error(run(std::string("run experiment=table1 +") + key + "=1 --results '" +
                            results.string() + "'"),
                        HasSubstr("sped"));
    EXPECT_FALSE(fs::exists(results)) << key;
  }
}

TEST_F(ProgramTest, AMethodThatReadsHiddenLabelsIsNoMethod) {
  expect_config_error(run("config experiment=table1 methods.oracle.role=method"),
                      HasSubstr("hidden labels"));
}

TEST_F(ProgramTest, AWeightOnAColumnThatNoDescriptorAddsIsAnError) {
  expect_config_error(run("config experiment=table1 ~descriptors.visual_dependency"),
                      HasSubstr("'visual_dependency'"));
}

TEST_F(ProgramTest, RunWithoutAnExperimentNamesThem) {
  expect_config_error(run("run"), HasSubstr("table1"));
}

TEST_F(ProgramTest, AResultsFolderThatCannotBeWrittenIsAnIoError) {
  write_file(folder_ / "results", "a file, no folder");
  const Outcome outcome =
      run("run experiment=table1 scale=smoke --results '" + (folder_ / "results").string() + "'");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, AllOf(StartsWith("error: "), HasSubstr((folder_ / "results").string())));
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST_F(ProgramTest, CheckingAPoolFailsWhereTooManyRowsAreBad) {
  write_file(folder_ / "pool.jsonl",
             "{\"id\":\"1\",\"messages\":[{\"role\":\"user\",\"content\":\"q\"},"
             "{\"role\":\"assistant\",\"content\":\"a\"}]}\n{broken\n");
  const std::string pool = " '" + (folder_ / "pool.jsonl").string() + "'";
  const Outcome strict = run("pool check" + pool);
  EXPECT_EQ(strict.status, 1);
  EXPECT_THAT(strict.err, HasSubstr("1 of 2 rows are bad"));
  EXPECT_THAT(strict.out, HasSubstr("pool.jsonl:2"));
  EXPECT_EQ(run("pool check --maximum-bad-share 0.5" + pool).status, 0);
}

TEST_F(ProgramTest, HelpAndListAreMadeFromTheComponents) {
  const Outcome help = run("--help");
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("run"), HasSubstr("experiment"), HasSubstr("workers")));
  const Outcome list = run("list trainer sft");
  EXPECT_EQ(list.status, 0);
  EXPECT_THAT(list.out, HasSubstr("learning_rate"));
  EXPECT_EQ(run("frobnicate").status, 2);
}

TEST_F(ProgramTest, ANewAblationIsOneFile) {
  write_config("experiment/without_flow",
               "defaults = [\n"
               "  \"table1\",\n"
               "  {\"selector@methods.without_flow.selector\" = \"gdo\"},\n"
               "  {\"goal@methods.without_flow\" = \"temp_plus\"},\n"
               "  \"_self_\",\n"
               "]\n"
               "[methods.without_flow]\n"
               "label = \"Temp+ without flow\"\n"
               "selector.budget = \"${budget}\"\n"
               "selector.weights.optical_flow = 0.0\n");
  const Outcome outcome = run("config experiment=without_flow" + with_configs());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("[methods.without_flow.selector.weights]"));
  EXPECT_THAT(outcome.out, HasSubstr("[methods.temp_plus]"));
}

TEST_F(ProgramTest, RunNamesKeepTablesOfOtherConfigsApart) {
  EXPECT_EQ(run_name({"experiment=table1"}), "table1");
  EXPECT_EQ(run_name({"experiment=table1", "scale=smoke", "run.workers=2"}), "table1,scale=smoke");
  const std::string odd = run_name({"experiment=table1", "seeds=[1, 2]"});
  EXPECT_THAT(odd, AllOf(StartsWith("table1,"), Not(HasSubstr("["))));
  EXPECT_NE(odd, run_name({"experiment=table1", "seeds=[1, 3]"}));
}

// ---- the whole of Table 1 at scale=smoke ----

class SmokeTest : public ProgramTest {
 protected:
  static constexpr const char* overrides = "run experiment=table1 scale=smoke";

  std::string command(const std::string& name, const std::string& more = "") const {
    return std::string(overrides) + " " + more + " --results '" + (folder_ / name).string() + "'";
  }
  fs::path table_folder(const std::string& name) const {
    return folder_ / name / "table1,scale=smoke";
  }
  // The name of a run's selection manifest, which is a digest of what it says.
  static std::string manifest_of(const json::object& run) {
    if (!run.contains("selection")) return "";  // the base takes no rows
    return fs::path(run.at("selection").as_string().c_str()).filename().string();
  }
  // Digests of all that was chosen and trained, without times and machine.
  json::object digests(const fs::path& folder) const {
    const json::object content = json::parse(read_file(folder / "provenance.json")).as_object();
    json::array runs;
    for (const json::value& run : content.at("runs").as_array()) {
      runs.push_back({{"method", run.at("method")},
                      {"seed", run.at("seed")},
                      {"subset", run.at("subset")},
                      {"manifest", manifest_of(run.as_object())},
                      {"weights", run.at("weights")}});
    }
    return {{"worlds", content.at("worlds")}, {"runs", std::move(runs)}};
  }
  // Answers at the end of every method and seed, without those on the way there.
  static std::map<std::string, std::string> final_scores(const fs::path& folder) {
    std::map<std::string, std::string> result;
    std::istringstream lines(read_file(folder / "scores.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      json::object entry = json::parse(line).as_object();
      const std::string key =
          json::serialize(json::array{entry.at("method"), entry.at("seed"), entry.at("benchmark")});
      result[key] = json::serialize(entry);  // a later checkpoint replaces an earlier one
    }
    return result;
  }
  // Starts the program, kills it after `delay`; false when it had ended by itself.
  bool run_and_kill(const std::string& arguments, std::chrono::milliseconds delay) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string text = "exec " + line(arguments);
      ::execl("/bin/sh", "sh", "-c", text.c_str(), nullptr);
      ::_exit(127);
    }
    std::this_thread::sleep_for(delay);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status);
  }
};

TEST_F(ProgramTest, AUtilityThatNoMethodReadsIsAnError) {
  expect_config_error(run("run experiment=table2 scale=smoke +utility=loss"),
                      AllOf(HasSubstr("no method"), HasSubstr("'utility'")));
  expect_config_error(run("run experiment=ost scale=smoke '~utility'"), HasSubstr("'utility'"));
  expect_config_error(run("run experiment=ost scale=smoke selector.column=utilty"),
                      HasSubstr("utility"));
}

TEST_F(SmokeTest, SelectsByUtilityAndAgainFromTheCache) {
  const std::string ost =
      "run experiment=ost scale=smoke utility=forward_mode selector=top_k "
      "selector.share=0.2 run.workers=2 --results '" +
      (folder_ / "ost").string() + "'";
  const Outcome outcome = run(ost);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("OST"), HasSubstr("utility")));
  std::size_t tables = 0;
  for (const auto& entry : fs::directory_iterator(folder_ / "ost" / "stages" / "utility")) {
    if (!fs::exists(entry.path() / "manifest.json")) continue;
    ++tables;
    const json::object anchors = json::parse(read_file(entry.path() / "anchors.json")).as_object();
    EXPECT_EQ(anchors.at("all").as_array().size(), 100U);
    EXPECT_TRUE(fs::exists(entry.path() / "table" / "utility.values.npy"));
  }
  EXPECT_EQ(tables, 2U);  // of each seed
  EXPECT_THAT(run(ost).err, HasSubstr(" 0 stages computed"));
}

TEST_F(ProgramTest, TheProxysProgressIsAGridOfOneComparison) {
  const fs::path results = folder_ / "grid";
  const Outcome outcome =
      run("run experiment=ost_table5 scale=smoke '~variants.converged' run.workers=2 --results '" +
          results.string() + "'");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("Table 5"), HasSubstr("OST 20 %"), HasSubstr("Full-SFT"),
                                 HasSubstr("PUBLISHED at paper scale"), HasSubstr("64.1")));
  for (const char* variant : {"cold", "warm", "stable"}) {
    const fs::path folder = results / "ost_table5,scale=smoke,~variants.converged" / variant;
    EXPECT_TRUE(fs::exists(folder / "table.md")) << variant;
    EXPECT_THAT(read_file(folder / "table.txt"), HasSubstr("Budget"));
  }
  expect_config_error(run("run experiment=ost_table5 scale=smoke variants.warm.set.proxy.warm=1"),
                      HasSubstr("warm"));
}

TEST_F(SmokeTest, CheckpointsOnTheWayMayBeAskedFewerQuestions) {
  const std::string few = " seeds=[100] trainer.checkpoints=2 checkpoint_questions=0.25";
  const Outcome outcome = run(command("few", few));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("those before the last were asked 25 % of the questions"));
  std::map<std::int64_t, std::set<std::size_t>> asked;  // by samples, of Uni-1x
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "few")) {
    if (!fs::exists(entry.path() / "scores.jsonl")) continue;
    std::istringstream lines(read_file(entry.path() / "scores.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const json::object scores = json::parse(line).as_object();
      if (scores.at("method") != "uni_1x") continue;
      const std::string answers(scores.at("correct").as_string());
      EXPECT_EQ(answers.size(), 40U);
      asked[scores.at("samples").as_int64()].insert(
          answers.size() - static_cast<std::size_t>(std::ranges::count(answers, '-')));
    }
  }
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_THAT(asked.begin()->second, testing::ElementsAre(10U));
  EXPECT_THAT(asked.rbegin()->second, testing::ElementsAre(40U));
}

TEST_F(SmokeTest, KilledRunsEndAsAnUninterruptedOneAndASecondRunReusesAll) {
  const auto start = std::chrono::steady_clock::now();
  const Outcome whole = run(command("whole", "run.workers=2"));
  ASSERT_EQ(whole.status, 0) << whole.err;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  for (const char* file :
       {"table.txt", "table.md", "table.tex", "table.csv", "table.json", "convergence.svg",
        "convergence.pdf", "scores.jsonl", "config.toml", "provenance.json"}) {
    EXPECT_TRUE(fs::exists(table_folder("whole") / file)) << file;
  }
  EXPECT_EQ(whole.out, read_file(table_folder("whole") / "table.txt"));
  EXPECT_THAT(whole.out, AllOf(HasSubstr("Pre-check"), HasSubstr("Uni-10x"),
                               HasSubstr("PUBLISHED at paper scale")));

  const std::string table = read_file(table_folder("whole") / "table.json");
  const Outcome again = run(command("whole", "run.workers=2"));
  EXPECT_EQ(again.status, 0);
  EXPECT_THAT(again.err, HasSubstr(" 0 stages computed"));
  EXPECT_EQ(read_file(table_folder("whole") / "table.json"), table);

  // Why a sample was taken or not, by the run's own files.
  const std::string of_run =
      " 'table1,scale=smoke' micro-000130 --results '" + (folder_ / "whole").string() + "'";
  const Outcome explained = run("explain" + of_run);
  EXPECT_EQ(explained.status, 0) << explained.err;
  EXPECT_THAT(explained.out, AllOf(HasSubstr("uni_10x, seed 100: "), HasSubstr("TAKEN"),
                                   HasSubstr("temp_plus, seed 100: "), HasSubstr("stratum")));
  const Outcome one = run("explain --method temp --seed 101" + of_run);
  EXPECT_THAT(one.out, AllOf(StartsWith("temp, seed 101: "), HasSubstr("visual_dependency")));
  expect_config_error(run("explain --method tmp" + of_run), HasSubstr("'temp'"));
  expect_config_error(run("explain --seed 7" + of_run), HasSubstr("100"));
  expect_config_error(run("explain tabel1 x --results '" + (folder_ / "whole").string() + "'"),
                      HasSubstr("table1"));

  // The goals at their own sizes share all but their own rows.
  const Outcome sizes = run("run experiment=table2 scale=smoke run.workers=2 --results '" +
                            (folder_ / "whole").string() + "'");
  EXPECT_EQ(sizes.status, 0) << sizes.err;
  EXPECT_THAT(sizes.out, HasSubstr("Table 2"));

  // What only decides whether a pass ends does not make it another one.
  const Outcome retried =
      run(command("whole", "descriptors.retry_failed=true descriptors.maximum_failed_share=0.5"));
  EXPECT_EQ(retried.status, 0);
  EXPECT_THAT(retried.err, HasSubstr(" 0 stages computed"));

  // Fewer checkpoints: the same end of the same training, though its first checkpoint is its last.
  const Outcome fewer = run(command("whole", "run.workers=2 trainer.checkpoints=1"));
  ASSERT_EQ(fewer.status, 0) << fewer.err;
  const fs::path other = folder_ / "whole" / "table1,scale=smoke,trainer.checkpoints=1";
  EXPECT_EQ(final_scores(other), final_scores(table_folder("whole")));

  // One thread instead of two, in another folder, killed at several points of its way.
  int killed = 0;
  for (const double share : {0.1, 0.4, 0.5, 0.5}) {
    const auto delay = std::chrono::milliseconds(static_cast<int>(1000 * share * took.count()));
    killed += run_and_kill(command("killed", "run.workers=1"), delay) ? 1 : 0;
  }
  EXPECT_GE(killed, 2);
  const Outcome rest = run(command("killed", "run.workers=1"));
  ASSERT_EQ(rest.status, 0) << rest.err;
  EXPECT_EQ(json::serialize(digests(table_folder("killed"))),
            json::serialize(digests(table_folder("whole"))));
  EXPECT_EQ(read_file(table_folder("killed") / "scores.jsonl"),
            read_file(table_folder("whole") / "scores.jsonl"));
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "killed" / "stages")) {
    const std::string name = entry.path().filename().string();
    EXPECT_FALSE(name.starts_with(".")) << "a leftover: " << entry.path();
  }
}

}  // namespace
}  // namespace winnow
