#include "gdo_release/select/run.h"

#include <gmock/gmock.h>

#include "core/errors.h"
#include "core/parallel.h"
#include "gdo_release/select/recorded_case.h"
#include "gdo_release/select/scan/metric_table.h"
#include "gdo_release/select/score/score.h"
#include "temporary_folder.h"

namespace winnow::gdo_release::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using winnow::testing_support::temporary_folder;

json::object case_named(const std::string& name) {
  const json::value cases = json::parse(read_golden("gdo_release/cases.json"));
  for (const json::value& recorded : cases.as_array()) {
    if (recorded.at("name") == json::string(name)) return recorded.as_object();
  }
  throw std::runtime_error("no golden case " + name);
}

template <class Error, class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no such error";
}

class ReleaseRun : public ::testing::Test {
 protected:
  ReleaseRun() : inputs_(temporary_folder()) {}

  Flags flags(const std::string& name) const {
    return flags_of(case_named(name).at("argv").as_array(), inputs_);
  }
  SelectJob job(const std::string& name, const std::string& folder) const {
    const fs::path path = inputs_.folder() / "output" / folder;
    fs::create_directories(path);
    return {flags(name).options, path};
  }
  std::string file(const std::string& folder, const std::string& name) const {
    return read_file(inputs_.folder() / "output" / folder / name);
  }
  std::string written(const std::string& name, const std::string& text) const {
    write_file(inputs_.folder() / name, text);
    return (inputs_.folder() / name).string();
  }

  Inputs inputs_;
};

using GoldenReleaseRun = ReleaseRun;

TEST_F(GoldenReleaseRun, EveryCandidateHasItsScore) {
  const Flags chosen = flags("scaled_temp_plus");
  const MetricTable metrics(chosen.options.metrics_jsonl);
  Exclusion none;
  ScanOptions scan;
  scan.onevision = chosen.files.onevision;
  scan.video = chosen.files.video;
  const CandidatePool pool = read_candidates(scan, none, metrics.uids());
  const std::vector<MetricTerms> terms = metrics.all_terms(chosen.options.legacy_zscore_cap);
  const Score score(pool, profile_of(pool), terms, chosen.options);
  const auto expected = lines_of(read_golden("gdo_release/scores/scaled_temp_plus_all.jsonl"));
  ASSERT_EQ(pool.candidates.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const json::value row = json::parse(expected[i]);
    const ScoreParts parts = score(pool.candidates[i]);
    const double values[] = {parts.score, parts.base, parts.vds3, parts.quality};
    ASSERT_EQ(pool.candidates[i].uid, key_of(std::string(row.at(0).as_string())));
    for (std::size_t k = 0; k < 4; ++k) {
      ASSERT_NEAR(values[k], row.at(k + 1).to_number<double>(), 1e-9) << expected[i];
    }
  }
}

// Inputs at which the release stops, or which it skips.
TEST_F(GoldenReleaseRun, LimitsAreAsRecorded) {
  const json::value limits = json::parse(read_golden("gdo_release/limits/limits.json"));
  int walked = 0;
  for (const json::value& entry : limits.as_array()) {
    const json::object& recorded = entry.as_object();
    if (recorded.at("program") != "build_pair.py") continue;
    const std::string name(recorded.at("name").as_string());
    SCOPED_TRACE(name);
    ++walked;
    const std::string folder = "limits/" + name + "/";
    if (recorded.contains("inputs")) {  // too large to be stored
      const std::string deep(100000, '[');
      for (const std::string file : {"onevision.jsonl", "video.jsonl", "metrics.jsonl"}) {
        std::string text = read_golden("gdo_release/limits/baseline/" + file);
        if (file == "onevision.jsonl" && name == "deep_nesting") {
          text += deep + std::string(100000, ']') + "\n";
        }
        if (file == "metrics.jsonl" && name == "metrics_deep_nesting") text += deep + "\n";
        write_file(inputs_.folder() / folder / file, text);
      }
    }
    const fs::path output = inputs_.folder() / "output" / name;
    fs::create_directories(output);
    const auto action = [&] {
      const Flags chosen = flags_of(recorded.at("argv").as_array(), inputs_, folder);
      return select(chosen.files, {{chosen.options, output}}).front();
    };
    if (recorded.at("exit") != 0) {
      EXPECT_THROW(action(), Error) << recorded.at("exception");
      continue;
    }
    const SelectOutcome outcome = action();
    EXPECT_EQ(outcome.total_pairs, recorded.at("total_pairs").to_number<std::int64_t>());
    EXPECT_EQ(outcome.target_count, recorded.at("target_count").to_number<std::int64_t>());
    std::string text = read_file(output / "report.json");
    const std::size_t nan = text.find(": NaN");  // which JSON does not have, and Python writes
    if (nan != std::string::npos) text.replace(nan, 5, ": 0.0");
    const json::value report = json::parse(text);
    for (const char* key : {"parse_error_stats", "legacy_metrics_loaded", "legacy_bad_rows"}) {
      EXPECT_EQ(report.at("meta").at(key), recorded.at(key)) << key;
    }
    json::array uids;
    for (const std::string& line : lines_of(read_file(output / "subset.jsonl"))) {
      uids.push_back(json::parse(line).at("qa_uid"));
    }
    EXPECT_EQ(json::value(uids), recorded.at("filtered"));
  }
  EXPECT_EQ(walked, 33);
}

TEST_F(ReleaseRun, JobsTogetherGiveWhatEachGivesAlone) {
  const std::vector<std::string> names = {"scaled_temp_plus", "scaled_minloss", "frames_8",
                                          "zcap_1",           "exclude_qa",     "no_metrics"};
  std::vector<SelectJob> jobs;
  for (const std::string& name : names) jobs.push_back(job(name, "together/" + name));
  const PoolFiles files = flags(names.front()).files;
  select(files, jobs);
  for (const std::string& name : names) {
    select(files, {job(name, "alone/" + name)});
    for (const char* output : {"subset.jsonl", "uniform.jsonl", "report.json"}) {
      EXPECT_EQ(file("together/" + name, output), file("alone/" + name, output)) << name;
    }
  }
}

TEST_F(ReleaseRun, TheSameFilesForAnyNumberOfThreads) {
  const std::vector<std::string> names = {"scaled_temp", "scaled_diverse", "seed_7"};
  for (const std::size_t threads : {1, 3}) {
    set_worker_count(threads);
    std::vector<SelectJob> jobs;
    for (const std::string& name : names) {
      jobs.push_back(job(name, std::to_string(threads) + "/" + name));
    }
    select(flags(names.front()).files, jobs);
  }
  set_worker_count(0);
  for (const std::string& name : names) {
    for (const char* output : {"subset.jsonl", "uniform.jsonl", "report.json"}) {
      EXPECT_EQ(file("1/" + name, output), file("3/" + name, output)) << name;
    }
  }
}

TEST_F(ReleaseRun, ScoresThatAreNoNumbersStillGiveASelection) {
  SelectJob odd = job("scaled_temp", "nan");
  odd.options.legacy_vds3_weight = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(select(flags("scaled_temp").files, {odd}).front().subset_rows, 538);
}

TEST_F(ReleaseRun, WarnsOfWhatIsMissing) {
  const std::vector<SelectOutcome> outcomes =
      select(flags("exclude_both").files,
             {job("exclude_both", "no_file"), job("fixed_count_over", "too_few")});
  EXPECT_THAT(outcomes[0].warnings,
              ElementsAre(HasSubstr("none.jsonl: there is no such exclusion reference")));
  EXPECT_THAT(outcomes[1].warnings, Contains("5318 of 5607 rows were found"));
}

TEST_F(ReleaseRun, OptionsThatContradictEachOther) {
  SelectOptions options;
  options.metrics = "a.jsonl";
  options.metrics_jsonl = "b.jsonl";
  EXPECT_THAT(message_of<ConfigError>([&] { checked(options); }),
              AllOf(HasSubstr("a.jsonl"), HasSubstr("b.jsonl")));
  options.metrics_jsonl.clear();
  options.auto_max_ratio = std::numeric_limits<double>::infinity();
  EXPECT_THAT(message_of<ConfigError>([&] { checked(options); }), HasSubstr("auto_max_ratio"));
}

TEST_F(ReleaseRun, AReportThatIsNoProfileIsAnError) {
  SelectJob wrong = job("preprofile", "wrong");
  wrong.options.preprofile_report = written("report.json", "{\"meta\": {\"total_pairs\": 3}}");
  EXPECT_THAT(message_of<DataError>([&] { select(flags("preprofile").files, {wrong}); }),
              AllOf(HasSubstr("report.json"), HasSubstr("profile_only")));
}

}  // namespace
}  // namespace winnow::gdo_release::testing
