#include "experiments/program/select_command.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "config/bind.h"
#include "config/compose.h"
#include "core/errors.h"
#include "core/files.h"
#include "experiments/program/explain_command.h"
#include "gdo_release/select/options.h"
#include "golden.h"
#include "overrides.h"
#include "selectors/manifest.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::read_golden;

const fs::path kConfigs = fs::path(WINNOW_SOURCE_DIR) / "configs";

class SelectCommand : public testing::Test {
 protected:
  SelectCommand() : folder_(testing_support::temporary_folder()) {
    fs::remove_all(folder_);
    for (const char* name : {"pool/onevision.jsonl", "pool/video.jsonl", "merged/k.jsonl"}) {
      write_file(folder_ / name, read_golden(std::string("gdo_release/") + name));
    }
  }
  ~SelectCommand() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::vector<std::string> overrides(const std::vector<std::string>& more) const {
    std::vector<std::string> all = {"selector=gdo_release",
                                    "pool=llava",
                                    "pool.onevision=" + path("pool/onevision.jsonl"),
                                    "pool.video=" + path("pool/video.jsonl"),
                                    "++selector.metrics=" + path("merged/k.jsonl"),
                                    "output=" + path("out")};
    return testing_support::with_overrides(std::move(all), more);
  }
  std::string run(const std::vector<std::string>& more, bool sweep = false) const {
    std::ostringstream out;
    EXPECT_EQ(
        select_command({overrides(more), sweep, {kConfigs}, nullptr, folder_ / "results"}, out), 0);
    return out.str();
  }
  std::string message(const std::vector<std::string>& more) const {
    try {
      run(more);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no such error";
  }

  fs::path folder_;
};

std::vector<std::string> uids_of(const std::string& rows) {
  std::vector<std::string> uids;
  std::istringstream lines(rows);
  for (std::string line; std::getline(lines, line);) {
    const json::value row = json::parse(line);
    const json::value& uid = row.is_array() ? row.at(0) : row.at("qa_uid");
    uids.emplace_back(uid.as_string());
  }
  return uids;
}

using GoldenSelectCommand = SelectCommand;

TEST_F(GoldenSelectCommand, EveryGoalTakesTheReleasedRowsAloneAndTogether) {
  const std::string together =
      run({"goal=minloss,diverse,temp,temp_plus", "output=" + path("together")}, true);
  for (const std::string goal : {"minloss", "diverse", "temp", "temp_plus"}) {
    SCOPED_TRACE(goal);
    EXPECT_THAT(together, HasSubstr(path("together/" + goal) + ": "));
    run({"goal=" + goal});
    const std::string subset = read_file(folder_ / "out/subset.jsonl");
    EXPECT_EQ(uids_of(subset),
              uids_of(read_golden("gdo_release/build/rel_" + goal + "/filtered.jsonl")));
    for (const char* file : {"subset.jsonl", "uniform.jsonl", "report.json"}) {
      EXPECT_EQ(read_file(folder_ / "out" / file), read_file(folder_ / "together" / goal / file));
    }
  }
}

// The goals' tables for this selector hold what the released scripts pass.
TEST(GoldenGoals, HoldTheReleasedValues) {
  const json::value cases = json::parse(read_golden("gdo_release/cases.json"));
  for (const std::string goal : {"minloss", "diverse", "temp", "temp_plus"}) {
    SCOPED_TRACE(goal);
    const config::Value composed =
        config::compose({{kConfigs}, "select", {"selector=gdo_release", "goal=" + goal}});
    const auto options = config::bind<gdo_release::SelectOptions>(
        composed.at("selector.gdo_release"), "selector.gdo_release");
    const config::Value bound = config::to_value(options);
    for (const json::value& recorded : cases.as_array()) {
      if (recorded.at("name") != json::string("rel_" + goal)) continue;
      const json::array& argv = recorded.at("argv").as_array();
      for (std::size_t i = 0; i < argv.size(); i += 2) {
        std::string name(argv[i].as_string().subview(2));
        std::replace(name.begin(), name.end(), '-', '_');
        if (name == "onevision" || name == "video" || name == "metrics_jsonl") continue;
        const std::string wanted(argv[i + 1].as_string());
        const config::Value& value = bound.at(name);
        if (value.is_number()) {
          EXPECT_EQ(value.number(), std::stod(wanted)) << name;
        } else {
          EXPECT_EQ(value.string(), wanted) << name;
        }
      }
    }
  }
}

TEST_F(SelectCommand, WritesItsConfigAndReplacesAnEarlierSelection) {
  run({"goal=temp", "selector.target_count=7"});
  EXPECT_EQ(uids_of(read_file(folder_ / "out/subset.jsonl")).size(), 7U);
  EXPECT_THAT(read_file(folder_ / "out/config.toml"), HasSubstr("target_count = 7"));
  EXPECT_THAT(run({"selector.target_count=5", "selector.profile_output=profile.json"}),
              HasSubstr("5 of 5607 pairs taken"));
  EXPECT_EQ(uids_of(read_file(folder_ / "out/subset.jsonl")).size(), 5U);
  EXPECT_TRUE(fs::exists(folder_ / "out/profile.json"));
  write_file(folder_ / "other/notes.txt", "mine");
  EXPECT_THAT(message({"output=" + path("other")}), HasSubstr("notes.txt"));
  EXPECT_EQ(read_file(folder_ / "other/notes.txt"), "mine");
}

TEST_F(SelectCommand, LeavesNothingBehindWhenItStops) {
  write_file(folder_ / "merged/k.jsonl", "[]\n");
  EXPECT_THROW(run({}), DataError);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(SelectCommand, NamesTheMistake) {
  EXPECT_THAT(message({"output="}), HasSubstr("output"));
  EXPECT_THAT(message({"pool.video="}), HasSubstr("pool.video"));
  EXPECT_THAT(message({"selector.target_cuont=3"}), HasSubstr("target_count"));
  EXPECT_THAT(message({"selector.target_frames=0"}), HasSubstr("at least 1"));
  EXPECT_THAT(message({"columns=[" + path("merged/k.jsonl") + "]"}),
              AllOf(HasSubstr("columns="), HasSubstr("gdo_release")));
  EXPECT_THAT(message({"selector=top_k", "++selector.metrics=" + path("merged/k.jsonl")}),
              HasSubstr("selector.metrics"));
  // What only selector=gdo reads is passed over in a goal, and is a mistake on the command line.
  EXPECT_THAT(message({"goal=temp", "selector.video_share_minimum=0.3"}),
              AllOf(HasSubstr("video_share_minimum"), HasSubstr("unknown key")));
}

// Selectors of tables read the same pool whole, and merged metrics as columns.
TEST_F(GoldenSelectCommand, AnySelectorReadsMergedMetrics) {
  // The first rows of either file, and media by their names, which nobody decodes here.
  for (const char* name : {"onevision", "video"}) {
    std::istringstream lines(read_golden("gdo_release/pool/" + std::string(name) + ".jsonl"));
    std::string kept;
    int rows = 0;
    for (std::string line; rows < 60 && std::getline(lines, line);) {
      json::error_code error;
      const json::value row = json::parse(line, error);
      const json::value* images =
          error || !row.is_object() ? nullptr : row.as_object().if_contains("images");
      if (images == nullptr || !images->is_array() || images->as_array().empty()) continue;
      for (const json::value& image : images->as_array()) {
        const fs::path file = folder_ / "part" / std::string(image.as_string());
        fs::create_directories(file.parent_path());
        std::ofstream(file) << "a picture";
      }
      kept += line + "\n";
      ++rows;
    }
    write_file(folder_ / "part" / (std::string(name) + ".jsonl"), kept);
  }
  std::ostringstream printed;
  EXPECT_EQ(
      select_command(
          {{"pool=llava", "pool.onevision=" + path("part/onevision.jsonl"),
            "pool.video=" + path("part/video.jsonl"), "++pool.maximum_bad_share=0.5",
            "columns=[" + path("merged/k.jsonl") + "]", "maximum_missing_share=1", "decode=false",
            "output=" + path("out"), "selector=gdo", "goal=minloss,temp_plus", "selector.budget=40",
            "selector.strata=[cluster]", "selector.standardise_within=[cluster]",
            "selector.relax=[source_share_maximum,source_floors,"
            "temporal_share_minimum,video_share_minimum,video_share_maximum]"},
           true,
           {kConfigs},
           nullptr,
           folder_ / "results"},
          printed),
      0);
  EXPECT_THAT(printed.str(), HasSubstr("40 of "));
  for (const std::string goal : {"minloss", "temp_plus"}) {
    const auto taken = read_selected_ids(find_selection(folder_ / "out" / goal));
    EXPECT_EQ(taken.size(), 40U);
    std::ostringstream text;
    EXPECT_EQ(explain_command({path("out/" + goal), folder_, taken.back(), "", {}}, text), 0);
    EXPECT_THAT(text.str(), AllOf(testing::StartsWith("TAKEN by stage"), HasSubstr("rank")));
  }
}

TEST_F(SelectCommand, WhatItLeavesCanBeExplained) {
  run({"goal=temp_plus"});
  const std::vector<std::string> taken = read_selected_ids(find_selection(folder_ / "out"));
  ASSERT_FALSE(taken.empty());
  const auto explained = [&](const std::string& id) {
    std::ostringstream out;
    EXPECT_EQ(explain_command({path("out"), folder_, id, "", {}}, out), 0);
    return out.str();
  };
  EXPECT_THAT(explained(taken.front()),
              AllOf(testing::StartsWith("TAKEN by stage"), HasSubstr("number 1 of")));
  EXPECT_THAT(explained("vv::q751::t0"),
              AllOf(testing::StartsWith("NOT TAKEN: "), HasSubstr("quota"), HasSubstr("rank")));
  EXPECT_THROW(explained("nobody"), DataError);
}

}  // namespace
}  // namespace winnow
