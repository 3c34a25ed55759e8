#include <gmock/gmock.h>

#include "core/errors.h"
#include "experiments/runs/method_comparison.h"
#include "experiments/runs/subset_comparison.h"
#include "program_runner.h"
#include "report/paired_tests.h"
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

class CompareTest : public testing_support::ProgramTest {
 protected:
  winnow::Run written(const std::string& name, const SyntheticRun& run) const {
    write_run(folder_ / "results" / name, run);
    return find_run(folder_ / "results", name);
  }
  testing_support::Outcome winnow(const std::string& arguments) const {
    return run(arguments + " --results '" + (folder_ / "results").string() + "'");
  }
  std::string reason_against(const SyntheticRun& other) const {
    const ComparedMethods methods =
        compared_methods({written("first", {}), written("other", other)});
    return methods.left_out.empty() ? "" : methods.left_out.front().reason;
  }
};

TEST_F(CompareTest, PairsAreComparedQuestionByQuestion) {
  const ComparedMethods methods = compared_methods({written("one", {})});
  const MethodComparison comparison = compare_methods(methods, {});
  EXPECT_EQ(methods.methods[comparison.against].name, "uniform");
  ASSERT_EQ(comparison.pairs.size(), 1U);  // the base takes no part
  const PairComparison& pair = comparison.pairs.front();
  EXPECT_EQ(methods.methods[pair.a].name, "uniform");
  EXPECT_EQ(pair.replicates, 2U);
  EXPECT_EQ(pair.count.wins + pair.count.ties + pair.count.losses, 70);
  EXPECT_EQ(pair.asked, 70.0);
  // By hand, from the answers.
  double by_benchmark = 0.0, more = 0.0;
  std::int64_t wins = 0, losses = 0;
  std::vector<double> weighted;
  for (std::size_t b = 0; b < 2; ++b) {
    double sum = 0.0;
    const std::size_t count = methods.worlds.at(100)[b].size();
    for (std::size_t q = 0; q < count; ++q) {
      double difference = 0.0;
      for (const std::uint64_t seed : {1, 2}) {
        difference += 0.5 * (methods.methods[pair.a].replicates.at({100, seed}).scores[b][q] -
                             methods.methods[pair.b].replicates.at({100, seed}).scores[b][q]);
      }
      sum += difference;
      wins += difference > 0 ? 1 : 0;
      losses += difference < 0 ? 1 : 0;
      weighted.push_back(difference / static_cast<double>(count));
    }
    by_benchmark += 50.0 * sum / static_cast<double>(count);
    more += sum;
  }
  EXPECT_NEAR(pair.difference->value, by_benchmark, 1e-9);
  EXPECT_NEAR(pair.questions, more, 1e-9);
  EXPECT_EQ(pair.count.wins, wins);
  EXPECT_EQ(pair.count.losses, losses);
  EXPECT_DOUBLE_EQ(pair.sign_p, sign_test(wins, losses));
  EXPECT_DOUBLE_EQ(pair.permutation_p, sign_flip_test(weighted));
  EXPECT_DOUBLE_EQ(pair.sign_holm, pair.sign_p);  // one pair, nothing to correct
  EXPECT_EQ(pair.subtasks.at("colour").wins + pair.subtasks.at("count").wins, wins);
  // The other way round for the table of differences to the reference.
  const PairComparison& turned = *comparison.to_against[pair.b];
  EXPECT_NEAR(turned.questions, -pair.questions, 1e-9);
  EXPECT_EQ(turned.count.wins, losses);
  EXPECT_DOUBLE_EQ(turned.permutation_p, pair.permutation_p);
  EXPECT_TRUE(comparison.to_against[0].has_value());  // the base's difference is shown
}

TEST_F(CompareTest, HolmCorrectsOverAllPairs) {
  SyntheticRun run;
  run.methods.push_back({"better", "method", 0.9, 30.0});
  run.methods.push_back({"worse", "method", 0.35, 30.0});
  const MethodComparison comparison = compare_methods(compared_methods({written("one", run)}), {});
  ASSERT_EQ(comparison.pairs.size(), 6U);
  std::vector<double> raw;
  for (const PairComparison& pair : comparison.pairs) raw.push_back(pair.permutation_p);
  const std::vector<double> corrected = holm(raw);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    EXPECT_DOUBLE_EQ(comparison.pairs[i].permutation_holm, corrected[i]);
  }
  // Without two of them there is less to correct.
  ComparisonSettings few;
  few.methods = {"uniform", "good"};
  EXPECT_EQ(compare_methods(compared_methods({written("one", run)}), few).pairs.size(), 1U);
}

TEST_F(CompareTest, MethodsOfOneChanceComeOutAlike) {
  // Of methods that differ in their names alone, few pairs are told apart.
  SyntheticRun run;
  run.methods = {{"uniform", "reference", 0.5, 1.0}};
  for (int i = 0; i < 12; ++i) run.methods.push_back({fmt::format("m{}", i), "method", 0.5, 1.0});
  const MethodComparison comparison = compare_methods(compared_methods({written("one", run)}), {});
  int below = 0;
  for (const PairComparison& pair : comparison.pairs) {
    below += pair.permutation_p < 0.05 ? 1 : 0;
    EXPECT_GT(pair.permutation_holm, 0.01);
  }
  EXPECT_LT(below, 78 / 5);
}

TEST_F(CompareTest, SeedsOfSeveralRunsAreOneMethods) {
  SyntheticRun later;
  later.seeds = {2, 3};
  const ComparedMethods methods = compared_methods({written("a", {}), written("b", later)});
  EXPECT_THAT(methods.left_out, IsEmpty());
  ASSERT_EQ(methods.methods.size(), 3U);
  EXPECT_EQ(methods.methods[2].replicates.size(), 3U);  // seed 2 is in both
  EXPECT_THAT(methods.methods[2].runs, ElementsAre("a", "b"));
}

TEST_F(CompareTest, WorldsWeighByTheirSeeds) {
  SyntheticRun run;
  run.worlds = {100, 101};
  run.seeds = {1, 2, 3};
  const ComparedMethods methods = compared_methods({written("one", run)});
  const PairComparison pair = compare_methods(methods, {}).pairs.front();
  EXPECT_EQ(pair.replicates, 3U);
  EXPECT_EQ(pair.count.wins + pair.count.ties + pair.count.losses, 140);
  EXPECT_DOUBLE_EQ(pair.asked, 70.0);
  ASSERT_TRUE(pair.difference.has_value());
  double expected = 0.0;
  for (const auto& [key, answers] : methods.methods[pair.a].replicates) {
    const MethodAnswers& others = methods.methods[pair.b].replicates.at(key);
    for (std::size_t b = 0; b < 2; ++b) {
      for (std::size_t q = 0; q < answers.scores[b].size(); ++q) {
        expected += (answers.scores[b][q] - others.scores[b][q]) / 3.0;
      }
    }
  }
  EXPECT_NEAR(pair.questions, expected, 1e-9);
}

TEST_F(CompareTest, AMethodThatIsAnotherUnderItsNameIsToldApart) {
  SyntheticRun other;
  other.config = "budget = 60\n[trainer]\nlearning_rate = 0.001\n[methods.good]\nbudget = 30\n";
  other.seeds = {3, 4};
  const ComparedMethods methods = compared_methods({written("a", {}), written("b", other)});
  ASSERT_EQ(methods.methods.size(), 4U);
  EXPECT_EQ(methods.methods[3].name, "good@b");
  EXPECT_EQ(methods.index_of("good@a"), 2U);
  EXPECT_THROW(methods.index_of("god@a"), ConfigError);
  const MethodComparison comparison = compare_methods(methods, {});
  ASSERT_EQ(comparison.left_out.size(), 1U);
  EXPECT_EQ(comparison.left_out[0].what, "good (a) and good (b)");
  EXPECT_EQ(comparison.left_out[0].reason, "they have no world and seed in common");
}

TEST_F(CompareTest, WhatCannotBeComparedSaysWhy) {
  EXPECT_EQ(reason_against({}), "");
  SyntheticRun other;
  other.questions = {{"long", 30}, {"shorter", 40}};
  EXPECT_THAT(reason_against(other), HasSubstr("benchmarks are long, shorter and not long, short"));
  other = {};
  other.questions = {{"long", 31}, {"short", 40}};
  EXPECT_THAT(reason_against(other),
              HasSubstr("other questions of long in world 100: 31 and not 30"));
  other = {};
  other.base_digest = "b1";
  EXPECT_THAT(reason_against(other), HasSubstr("another base model in world 100"));
  other = {};
  other.config = "budget = 60\n[trainer]\nlearning_rate = 0.002\n";
  EXPECT_EQ(reason_against(other), "another recipe: trainer.learning_rate is 0.002 and not 0.001");
  other = {};
  other.finished = false;
  fs::remove_all(folder_ / "results");
  EXPECT_THAT(reason_against(other), HasSubstr("has no answers (scores.jsonl): it is failed"));
  // Another pool is what a comparison may be about: it is said and compared.
  other = {};
  other.pool_digest = "p1";
  fs::remove_all(folder_ / "results");
  const ComparedMethods methods = compared_methods({written("first", {}), written("other", other)});
  EXPECT_THAT(methods.left_out, IsEmpty());
  EXPECT_THAT(methods.notes, ElementsAre("other chooses from another pool than first."));
}

TEST_F(CompareTest, BadFilesNameTheirLine) {
  const winnow::Run run = written("one", {});
  write_file(run.folder / kScoresFile, "{\"method\":\"a\"}\n");
  EXPECT_THROW(compared_methods({run}), DataError);
  expect_config_error(winnow("compare"), HasSubstr("name at least one run"));
  const testing_support::Outcome outcome = winnow("compare one");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("scores.jsonl:1: "));
  fs::remove(run.folder / kQuestionsFile);
  expect_config_error(winnow("compare one"), HasSubstr("does not say which questions it asked"));
}

TEST_F(CompareTest, TheFrontHasWhatNothingBeatsInBoth) {
  SyntheticRun run;
  run.methods = {{"uniform", "reference", 0.5, 100.0},
                 {"cheap", "method", 0.6, 10.0},
                 {"dear", "method", 0.95, 50.0},
                 {"beaten", "method", 0.55, 60.0}};
  const ComparedMethods methods = compared_methods({written("one", run)});
  const MethodComparison comparison = compare_methods(methods, {});
  const auto on_front = [&](const std::string& name) {
    return *comparison.summaries[methods.index_of(name)].on_front;
  };
  EXPECT_TRUE(on_front("cheap"));
  EXPECT_TRUE(on_front("dear"));
  EXPECT_FALSE(on_front("uniform"));
  EXPECT_FALSE(on_front("beaten"));
}

TEST_F(CompareTest, PrintsEachFormat) {
  SyntheticRun run;
  run.methods[2].name = "=cmd()|<script>\\input{x}\x1b[31m";
  written("one", run);
  const auto printed = [&](const std::string& format) {
    const testing_support::Outcome outcome = winnow("compare one --format " + format);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos) << format;
    return outcome.out;
  };
  const std::string terminal = printed("terminal");
  for (const char* title : {"Methods\n", "All pairs\n", "by subtask\n"}) {
    EXPECT_THAT(terminal, HasSubstr(title));
  }
  EXPECT_THAT(printed("markdown"), HasSubstr("=cmd()\\|&lt;script&gt;\\\\input{x}"));
  const std::string latex = printed("latex");
  EXPECT_THAT(latex, HasSubstr("\\toprule"));
  EXPECT_THAT(latex,
              HasSubstr("=cmd()|\\textless{}script\\textgreater{}\\textbackslash{}input\\{x\\}"));
  EXPECT_THAT(latex, HasSubstr("\\textbf{"));
  EXPECT_THAT(printed("csv"), HasSubstr("\nMethods,'=cmd()|<script>"));
  const auto json = boost::json::parse(printed("json"));
  EXPECT_EQ(json.at("tables").at(0).at("title").as_string(), "Methods");
  expect_config_error(winnow("compare one --against god"), HasSubstr("have no method 'god'"));
  EXPECT_THAT(winnow("compare one --against base").out, HasSubstr("Difference to base"));
}

class CompareSubsetsTest : public CompareTest {
 protected:
  // Ten candidates a0..a9, of two sources; `scores` by id, `taken` best first.
  NamedSelection selection(const std::string& name, const std::vector<double>& scores,
                           const std::vector<int>& taken) const {
    const fs::path place = folder_ / name;
    std::string head =
        R"({"format":"winnow selection","version":1,"candidates":"candidates-0.jsonl"})";
    std::string chosen = head + "\n";
    for (const int id : taken) chosen += fmt::format("{{\"id\":\"a{}\"}}\n", id);
    std::string candidates = R"({"format":"winnow candidates","version":1,"strata":["low","high"],)"
                             R"("terms":["length"]})"
                             "\n";
    for (int i = 0; i < 10; ++i) {
      if (scores[static_cast<std::size_t>(i)] < 0) {
        candidates +=
            fmt::format("{{\"id\":\"a{}\",\"source\":\"odd\",\"excluded\":\"broken\"}}\n", i);
        continue;
      }
      candidates += fmt::format(
          "{{\"id\":\"a{}\",\"source\":\"{}\",\"stratum\":{},\"score\":{},\"terms\":[{}]}}\n", i,
          i % 2 == 0 ? "even" : "odd", i / 5, scores[static_cast<std::size_t>(i)],
          scores[static_cast<std::size_t>(i)]);
    }
    write_file(place / "selection-0.jsonl", chosen);
    write_file(place / "candidates-0.jsonl", candidates);
    return {name, place / "selection-0.jsonl"};
  }
};

TEST_F(CompareSubsetsTest, SayWhatOneTookAndTheOtherDidNot) {
  const NamedSelection a = selection("A", {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, {0, 1, 2, 3});
  const NamedSelection b = selection("B", {0, 8, 7, 6, 5, 4, 3, 2, 9, -1}, {8, 1, 2});
  const std::vector<Table> tables = subset_tables(a, b, {});
  std::map<std::string, Table> by_title;
  for (const Table& table : tables) by_title[table.title] = table;
  const auto number = [&](const std::string& title, std::size_t row, std::size_t column) {
    return *by_title.at(title).rows.at(row).cells.at(column).value();
  };
  EXPECT_EQ(number("Overlap", 2, 1), 2.0);
  EXPECT_DOUBLE_EQ(number("Overlap", 3, 1), 1.2);  // 4 * 3 / 10 by chance
  EXPECT_DOUBLE_EQ(number("Overlap", 4, 1), 2.0 / 5.0);
  // even: a0 of A, a2 of both, a8 of B; odd: a1 of both, a3 of A.
  EXPECT_THAT(
      to_csv({by_title.at("By source")}),
      testing::AllOf(HasSubstr("By source,odd,5,1,1,0"), HasSubstr("By source,even,5,1,1,1")));
  EXPECT_THAT(to_csv({by_title.at("By stratum of B")}), HasSubstr(",excluded: broken,1,0,0,0"));
  // Only A: a0 and a3, which A gives 9 and 6, and B 0 and 6; only B: a8.
  EXPECT_DOUBLE_EQ(number("Parts of the score of A", 0, 2), 7.5);
  EXPECT_DOUBLE_EQ(number("Parts of the score of A", 0, 3), 1.0);
  EXPECT_DOUBLE_EQ(number("Parts of the score of B", 0, 2), 3.0);
  const Table& samples = by_title.at("Samples they disagree on most");
  ASSERT_EQ(samples.rows.size(), 3U);
  EXPECT_EQ(std::get<TableCell::Text>(samples.rows[0].cells[0].content).text, "a0");
  EXPECT_EQ(std::get<TableCell::Text>(samples.rows[1].cells[0].content).text, "a8");
  EXPECT_EQ(*samples.rows[0].cells[3].value(), 1.0);
  EXPECT_EQ(*samples.rows[0].cells[4].value(), 0.0);
}

TEST_F(CompareSubsetsTest, WithoutCandidatesAreComparedByIds) {
  const NamedSelection a = selection("A", {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, {0, 1});
  write_file(folder_ / "B" / "selection-1.jsonl",
             "{\"format\":\"winnow selection\"}\n{\"id\":\"a1\"}\n");
  const std::vector<Table> tables =
      subset_tables(a, {"B", folder_ / "B" / "selection-1.jsonl"}, {});
  EXPECT_THAT(tables.front().notes, testing::Contains("B does not say what it chose from."));
  EXPECT_THAT(to_terminal(tables, false), Not(HasSubstr("disagree")));
  EXPECT_THAT(to_terminal(tables, false), HasSubstr("By source"));
}

TEST_F(CompareSubsetsTest, AreNamedByRunMethodAndSeed) {
  selection("results/stages/selection/x", {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, {0, 1});
  selection("results/stages/selection/y", {0, 8, 7, 6, 5, 4, 3, 2, 9, -1}, {1, 8});
  write_file(folder_ / "results" / "one" / kProvenanceFile,
             R"({"runs":[{"method":"base","seed":1},)"
             R"({"method":"m","seed":1,"selection":"stages/selection/x/selection-0.jsonl"},)"
             R"({"method":"m","seed":2,"selection":"stages/selection/y/selection-0.jsonl"}]})");
  const testing_support::Outcome outcome = winnow("compare subsets one:m:1 :m:2");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("Only m, seed 2"));
  EXPECT_THAT(outcome.out, testing::ContainsRegex("in both +1\n"));
  const std::string folders = "compare subsets '" +
                              (folder_ / "results/stages/selection/x").string() +
                              "' one:m:2 --format json";
  EXPECT_EQ(winnow(folders).status, 0);
  expect_config_error(winnow("compare subsets one:m one:k"), HasSubstr("no selection 'k'"));
  expect_config_error(winnow("compare subsets one one:m"), HasSubstr("write RUN:METHOD"));
}

}  // namespace
}  // namespace winnow
