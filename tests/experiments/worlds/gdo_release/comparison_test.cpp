// selector=gdo_release as a method of a comparison.

#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "experiments/program_runner.h"
#include "selectors/manifest.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::expect_config_error;
using testing_support::Outcome;

class ReleaseRows : public testing_support::ProgramTest {
 protected:
  static std::vector<std::string> selected_ids(const fs::path& folder) {
    return read_selected_ids(find_selection(folder));
  }
};

TEST_F(ReleaseRows, ARowOfAFileSelectorSaysOnlyWhatIsItsOwn) {
  const auto config = [&](const std::string& more) {
    return run("config experiment=ablation scale=smoke " + more);
  };
  EXPECT_EQ(config("").status, 0);
  expect_config_error(
      config("methods.release_temp_plus.selector.metrics=m.jsonl"),
      AllOf(HasSubstr("release_temp_plus.selector.metrics"), HasSubstr("a run decides this")));
  expect_config_error(config("+methods.release_temp_plus.selector.seed=7"),
                      HasSubstr("a run decides this"));
  // The budget of the mended selector would be passed over where the command line says it.
  expect_config_error(config("+methods.release_temp_plus.selector.budget=7"), HasSubstr("budget"));
  expect_config_error(config("'~measured_pool'"), HasSubstr("measured_pool/gdo_release.toml"));
  expect_config_error(config("measured_pool.merge.cluster_k=0"), HasSubstr("at least 1"));
  expect_config_error(run("config experiment=table1 +measured_pool=gdo_release"),
                      HasSubstr("no method's selector reads its files"));
}

TEST_F(ReleaseRows, AMisspeltSelectorOfARunNamesThoseOfTablesAndOfFiles) {
  const std::string of_ost = "run experiment=ost scale=smoke selector.type=";
  expect_config_error(run(of_ost + "gdo_relase"), HasSubstr("'gdo_release'"));
  expect_config_error(run(of_ost + "anything_else"),
                      AllOf(HasSubstr("gdo_release"), HasSubstr("top_k")));
}

TEST_F(ReleaseRows, ARowOfTheReleaseRunsFromFilesAndIsExplained) {
  write_config("experiment/release",
               "defaults = [\n"
               "  {measured_pool = \"gdo_release\"},\n"
               "  {\"selector@methods.uni.selector\" = \"uniform\"},\n"
               "  {\"selector@methods.release.selector\" = \"gdo_release\"},\n"
               "  {\"goal@methods.release\" = \"temp_plus\"},\n"
               "  \"_self_\",\n"
               "]\n"
               "[recipe]\n"
               "type = \"comparison\"\n"
               "[methods.uni]\n"
               "role = \"reference\"\n"
               "selector.budget = \"${budget}\"\n"
               "selector.multiple = \"${reference_multiple}\"\n"
               "[methods.release]\n"
               "selector.target_count = \"${budget}\"\n");
  const fs::path results = folder_ / "results";
  const std::string command = "run experiment=release scale=smoke seeds=[1] run.workers=2" +
                              with_configs() + " --results '" + results.string() + "'";
  const Outcome outcome = run(command);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(run(command).err, HasSubstr(" 0 stages computed"));

  fs::path selection;
  for (const auto& entry : fs::directory_iterator(results / "stages" / "selection")) {
    if (fs::exists(entry.path() / "chosen_from.toml")) selection = entry.path();
  }
  ASSERT_FALSE(selection.empty());
  // The release's own files name the same pairs as the run's manifest, in the same order.
  const std::vector<std::string> own = selected_ids(selection / "selected");
  const std::vector<std::string> samples = selected_ids(selection);
  ASSERT_EQ(samples.size(), 60U);
  ASSERT_EQ(own.size(), samples.size());
  std::set<std::string> distinct;
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_THAT(own[i], HasSubstr("::" + samples[i] + "::t0"));
    distinct.insert(samples[i]);
  }
  EXPECT_EQ(distinct.size(), samples.size());

  // Explained where the results lie now.
  const fs::path moved = folder_ / "moved";
  fs::rename(results, moved);
  fs::path folder;
  for (const auto& entry : fs::directory_iterator(moved)) {
    if (entry.path().filename() != "stages") folder = entry.path();
  }
  const std::string explain = "explain --method release '" + folder.filename().string() + "' ";
  const std::string of_moved = " --results '" + moved.string() + "'";
  const Outcome taken = run(explain + samples.front() + of_moved);
  EXPECT_EQ(taken.status, 0) << taken.err;
  EXPECT_THAT(taken.out, AllOf(HasSubstr("TAKEN by stage"), HasSubstr(own.front())));
  std::string dropped = "micro-000000";
  while (distinct.contains(dropped)) ++dropped.back();
  EXPECT_THAT(run(explain + dropped + of_moved).out, HasSubstr("NOT TAKEN"));
  EXPECT_EQ(run(explain + "micro-9" + of_moved).status, 1);
}

}  // namespace
}  // namespace winnow
