#include "experiments/program/select_command.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>
#include <thread>

#include "core/base64.h"
#include "core/errors.h"
#include "experiments/own_pool.h"
#include "experiments/program/explain_command.h"
#include "pool/pool.h"
#include "selectors/manifest.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::kConfigs;

class SelectOwnPool : public testing_support::OwnPoolTest {
 protected:
  SelectOwnPool() { folder_.write("scores.jsonl", scores()); }

  // A "-KEY" in `more` takes KEY out.
  std::vector<std::string> overrides(const std::vector<std::string>& more) const {
    std::vector<std::string> all = testing_support::with_overrides(
        {"pool=files", "pool.files=[" + path("mine.jsonl") + "]", "selector=top_k",
         "selector.column=loss", "selector.budget=3", "columns=[" + path("scores.jsonl") + "]",
         "output=" + path("out")},
        more);
    for (const std::string& text : more) {
      if (!text.starts_with('-')) continue;
      std::erase_if(all, [&](const std::string& other) {
        return other == text || other.starts_with(text.substr(1) + "=");
      });
    }
    return all;
  }
  std::string run(const std::vector<std::string>& more, bool sweep = false) const {
    std::ostringstream out;
    EXPECT_EQ(
        select_command({overrides(more), sweep, {kConfigs}, nullptr, folder_ / "results"}, out), 0);
    return out.str();
  }
  template <class Error>
  std::string message(const std::vector<std::string>& more) const {
    try {
      run(more);
    } catch (const Error& error) {
      return error.what();
    }
    return "no such error";
  }
  Pool read(const fs::path& file) const {
    PoolOptions options;
    options.files = {file};
    options.maximum_bad_share = 0;
    return Pool::read(options);
  }
  json::object report(const std::string& folder) const {
    return json::parse(read_file(folder_ / folder / "report.json")).as_object();
  }
  std::vector<std::string> left_in(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_ / folder)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

TEST_F(SelectOwnPool, LosesNothingOfARow) {
  EXPECT_THAT(run({}), HasSubstr("3 of 16 rows taken, 3 written to data/train.jsonl"));
  const Pool taken = read(folder_ / "out/data/train.jsonl");
  const Pool pool = read(folder_ / "mine.jsonl");
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_TRUE(taken.ledger().empty());
  for (std::size_t row = 0; row < taken.size(); ++row) {
    const Sample sample = taken.sample(row);
    const Sample before = pool.sample(pool.index_of(sample.id));
    ASSERT_EQ(sample.turns.size(), before.turns.size()) << sample.id;
    for (std::size_t i = 0; i < sample.turns.size(); ++i) {
      EXPECT_EQ(sample.turns[i].text, before.turns[i].text);
      EXPECT_EQ(sample.turns[i].role, before.turns[i].role);
      EXPECT_EQ(sample.turns[i].trained, before.turns[i].trained);
    }
    ASSERT_EQ(sample.media.size(), before.media.size()) << sample.id;
    for (std::size_t i = 0; i < sample.media.size(); ++i) {
      EXPECT_EQ(sample.media[i].paths, before.media[i].paths);
    }
    EXPECT_EQ(sample.source, before.source);
  }
  EXPECT_EQ(taken.sample(0).id, "two");
  const json::object all = report("out");
  EXPECT_EQ(all.at("selected").as_int64(), 3);
  EXPECT_EQ(all.at("export").at("rows").as_int64(), 3);
  EXPECT_EQ(all.at("columns").at(0).at("values").at("loss").as_int64(), 16);
  const json::value made_by = json::parse(read_file(folder_ / "out/made_by.json"));
  EXPECT_TRUE(made_by.at("made_by").as_object().contains("commit"));
  EXPECT_TRUE(made_by.at("files").as_object().contains("data/train.jsonl"));
}

TEST_F(SelectOwnPool, ExplainsEveryRow) {
  run({});
  const auto explained = [&](const std::string& id) {
    std::ostringstream out;
    EXPECT_EQ(explain_command({path("out"), folder_.path(), id, "", {}}, out), 0);
    return out.str();
  };
  EXPECT_THAT(explained("two"), AllOf(testing::StartsWith("TAKEN by stage"), HasSubstr("rank")));
  EXPECT_THAT(explained("r7"), testing::StartsWith("NOT TAKEN"));
  EXPECT_THAT(explained("conv"), HasSubstr("'again' stands for it"));
}

TEST_F(SelectOwnPool, ASavedTableGivesTheSameAsAFileOfScores) {
  SampleTable table(read(folder_ / "mine.jsonl").shared_rows());
  Column loss = Column::missing("loss", table.size());
  for (std::size_t row = 0; row < table.size(); ++row) loss.set(row, 100.0 - double(row));
  table.add(loss);
  table.save(folder_ / "table");
  run({});
  const std::string name = find_selection(folder_ / "out").filename().string();
  run({"columns=[" + path("table") + "]", "output=" + path("by_table")});
  EXPECT_EQ(find_selection(folder_ / "by_table").filename().string(), name);
}

TEST_F(SelectOwnPool, WritesEveryFormatAndWeights) {
  for (const std::string format : {"ms_swift", "llava", "llama_factory"}) {
    SCOPED_TRACE(format);
    run({"export=" + format, "export.media=copy", "selector.share=0.2", "-selector.budget",
         "selector.weight_ratio=4.0", "output=" + path(format)});
    const json::object all = report(format);
    for (const auto& file : all.at("export").at("files").as_array()) {
      EXPECT_EQ(read(folder_ / format / "data" / std::string(file.as_string())).size(), 3U);
    }
  }
  EXPECT_THAT(read_file(folder_ / "ms_swift/data/train.jsonl"), HasSubstr("loss_scale"));
}

TEST_F(SelectOwnPool, ASweepReadsOnceAndLeavesAFolderEach) {
  const std::string printed =
      run({"selector.direction=highest,lowest", "output=" + path("both")}, true);
  EXPECT_THAT(printed, HasSubstr("selector.direction=lowest: 3 of 16"));
  EXPECT_THAT(left_in("both"),
              ElementsAre("selector.direction=highest", "selector.direction=lowest"));
  run({});
  EXPECT_EQ(find_selection(folder_ / "both/selector.direction=highest").filename(),
            find_selection(folder_ / "out").filename());
  EXPECT_THROW(run({"selector.budget=2,2", "output=" + path("twice")}, true), ConfigError);
  // Again, over the whole sweep and over a part of it.
  run({"selector.direction=highest,lowest", "output=" + path("both")}, true);
  run({"output=" + path("both/selector.direction=lowest")});
}

TEST_F(SelectOwnPool, GoalsChooseByMeasuredColumns) {
  std::string rows =
      "id,visual_dependency,loss,perplexity,self_consistency,optical_flow,"
      "temporal_need,coverage,frame_diversity,cluster,answer_group\n";
  int i = 0;
  for (const std::string& id : ids()) {
    rows += id;
    for (int c = 0; c < 8; ++c) rows += "," + std::to_string((i * (c + 3)) % 7);
    rows += "," + std::to_string(i % 2) + ",0\n";
    ++i;
  }
  folder_.write("all.csv", rows);
  const std::string printed =
      run({"selector=gdo", "-selector.column", "goal=minloss,diverse", "selector.budget=4",
           "columns=[" + path("all.csv") + "]",
           "selector.relax=[video_share_minimum,video_share_maximum,temporal_share_minimum,"
           "source_share_maximum,source_floors]"},
          true);
  EXPECT_THAT(printed, AllOf(HasSubstr("out/minloss: 4 of 16"), HasSubstr("out/diverse: 4 of 16")));
}

TEST_F(SelectOwnPool, ColumnsThatNobodyGivesAreNamedBeforeAnythingIsWritten) {
  EXPECT_THAT(message<ConfigError>({"selector.column=los"}),
              AllOf(HasSubstr("'los'"), HasSubstr("Did you mean 'loss'?")));
  EXPECT_THAT(message<ConfigError>({"columns=[]", "pool.files=[" + path("nowhere.jsonl") + "]"}),
              HasSubstr("columns=[FOLDER"));  // before the pool is read
  EXPECT_THAT(message<IoError>({"columns=[" + path("no.csv") + "]"}), HasSubstr("no.csv"));
  EXPECT_THAT(message<ConfigError>({"columns=[" + folder_.path().string() + "]"}),
              HasSubstr("no measured table"));
  folder_.write("more.csv", "id,loss\ntwo,1\n");
  EXPECT_THAT(message<DataError>({"columns=[" + path("scores.jsonl") + "," + path("more.csv") + "]",
                                  "maximum_missing_share=1"}),
              HasSubstr("both have a column 'loss'"));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(SelectOwnPool, ScoresOfOtherRowsOrTooFewOfThemAreAMistake) {
  folder_.write("other.csv", "id,loss\nnobody,1\n");
  EXPECT_THAT(message<DataError>({"columns=[" + path("other.csv") + "]"}),
              AllOf(HasSubstr("none of its 1 rows"), HasSubstr("nobody")));
  folder_.write("empty.jsonl", "");
  EXPECT_THAT(message<DataError>({"columns=[" + path("empty.jsonl") + "]"}), HasSubstr("no row"));
  std::string few = scores();
  few.resize(few.rfind('{'));
  folder_.write("few.jsonl", few);
  EXPECT_THAT(message<DataError>({"columns=[" + path("few.jsonl") + "]"}),
              AllOf(HasSubstr("1 of 16 samples"), HasSubstr("maximum_missing_share = 0.01")));
  std::string nulls = scores();
  for (std::size_t at = 0; (at = nulls.find(R"("loss":9)", at)) != std::string::npos;) {
    nulls.replace(at, 9, R"("loss":null)");
  }
  folder_.write("nulls.jsonl", nulls);
  EXPECT_THAT(message<DataError>({"columns=[" + path("nulls.jsonl") + "]"}),
              AllOf(HasSubstr("'loss' has no value for 10 of 16"), HasSubstr("maximum_missing")));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  run({"columns=[" + path("few.jsonl") + "]", "maximum_missing_share=0.1"});
  EXPECT_THAT(json::serialize(report("out").at("warnings")), HasSubstr("have no scores"));
}

// The manifest, what is written and what an export of the selection writes are the same rows.
TEST_F(SelectOwnPool, ARowWhoseMediumVanishedIsNotTakenAndIsCounted) {
  fs::remove(folder_ / "a.png");
  EXPECT_THAT(message<DataError>({"pool.check_media=false"}),
              AllOf(HasSubstr("1 of 3 rows cannot be written"), HasSubstr("a.png")));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  for (const std::string decode : {"decode=true", "decode=false"}) {
    SCOPED_TRACE(decode);
    EXPECT_THAT(run({"pool.check_media=false", "maximum_failed_share=0.5", decode}),
                HasSubstr("3 of 16 rows taken, 3 written"));
    const auto taken = read_selected_ids(find_selection(folder_ / "out"));
    EXPECT_THAT(taken, testing::Not(testing::Contains("two")));
    const Pool written = read(folder_ / "out/data/train.jsonl");
    ASSERT_EQ(written.size(), taken.size());
    for (std::size_t row = 0; row < taken.size(); ++row) {
      EXPECT_EQ(written.sample(row).id, taken[row]);
    }
    const json::object all = report("out");
    const std::string reason = decode == "decode=true"
                                   ? "measurement failed: a medium cannot be read"
                                   : "cannot be written";
    EXPECT_EQ(all.at("excluded").at(reason).as_int64(), 1);
    const json::value lost = all.at("export").at("not_written");
    ASSERT_EQ(lost.as_array().size(), 1U);
    EXPECT_EQ(lost.at(0).at("id").as_string(), "two");
    EXPECT_THAT(json::serialize(all.at("unusable")),
                AllOf(HasSubstr("\"two\""), HasSubstr("a.png")));
    std::ostringstream text;
    EXPECT_EQ(explain_command({path("out"), folder_.path(), "two", "", {}}, text), 0);
    EXPECT_THAT(text.str(), AllOf(HasSubstr(reason), HasSubstr("a.png")));
  }
}

// Every selector, those that read no column too, and with what `winnow measure` said of them.
TEST_F(SelectOwnPool, RowsThatCouldNotBeMeasuredAreNotTaken) {
  const Pool pool = read(folder_ / "mine.jsonl");
  SampleTable table(pool.shared_rows());
  Column loss = Column::missing("loss", table.size());
  for (std::size_t row = 0; row < table.size(); ++row) loss.set(row, 100.0 - double(row));
  loss.set(pool.index_of("two"), CellState::failed);
  table.add(loss);
  table.save(folder_ / "measured/table");
  folder_.write("measured/failures.jsonl",
                R"({"id":"r7","of":"utility","reason":"clip.mp4: no frames"})"
                "\n");
  const std::string columns = "columns=[" + path("measured") + "]";
  for (const std::string selector : {"selector=top_k", "selector=uniform", "selector=gdo"}) {
    SCOPED_TRACE(selector);
    std::vector<std::string> more = {selector, columns, "maximum_missing_share=0.1",
                                     "selector.budget=10"};
    if (selector != "selector=top_k") more.push_back("-selector.column");
    if (selector == "selector=gdo") {
      more.insert(more.end(), {"+selector.weights.loss=1.0", "selector.strata=[question_type]",
                               "selector.standardise_within=[question_type]"});
    }
    run(more);
    const auto taken = read_selected_ids(find_selection(folder_ / "out"));
    EXPECT_EQ(taken.size(), 10U);
    EXPECT_THAT(taken, testing::Not(testing::Contains("two")));
    EXPECT_THAT(taken, testing::Not(testing::Contains("r7")));
    const json::object all = report("out");
    EXPECT_EQ(all.at("excluded").at("measurement failed: loss").as_int64(), 1);
    EXPECT_EQ(all.at("excluded").at("measurement failed: utility").as_int64(), 1);
    EXPECT_THAT(json::serialize(all.at("unusable")), HasSubstr("clip.mp4: no frames"));
  }
}

TEST_F(SelectOwnPool, TheWordsOfAnAnswerAreAColumnOfEveryPool) {
  run({"columns=[]", "selector.column=answer_words", "selector.direction=lowest"});
  EXPECT_EQ(read(folder_ / "out/data/train.jsonl").size(), 3U);
}

TEST_F(SelectOwnPool, MistakesAreToldByTheUsersKey) {
  EXPECT_THAT(message<ConfigError>({"selector.share=0.1"}),
              HasSubstr("selector.budget = 3: set either budget or share"));
  EXPECT_THAT(message<ConfigError>({"selector.column=los"}),
              HasSubstr("selector.column = \"los\""));
  EXPECT_THAT(message<ConfigError>({"selector=gdo", "-selector.column", "+selector.weights.los=1",
                                    "selector.strata=[question_type]",
                                    "selector.standardise_within=[question_type]"}),
              HasSubstr("selector.weights.los = 1"));
  EXPECT_THAT(message<ConstraintError>({"selector.budget=17"}), HasSubstr("selector.budget: "));
}

TEST_F(SelectOwnPool, ReplacesWhatAnEarlierOneLeftAndNothingElse) {
  run({});
  run({"selector.budget=2"});
  EXPECT_EQ(read(folder_ / "out/data/train.jsonl").size(), 2U);
  const std::string before = read_file(folder_ / "out/report.json");

  folder_.write("out/data/notes.txt", "mine");
  EXPECT_THAT(message<ConfigError>({}), HasSubstr("out/data/notes.txt"));
  fs::remove(folder_ / "out/data/notes.txt");
  std::string edited = read_file(folder_ / "out/config.toml");
  edited[0] = edited[0] == '#' ? ' ' : '#';
  folder_.write("out/config.toml", edited);
  EXPECT_THAT(message<ConfigError>({}), HasSubstr("out/config.toml"));
  EXPECT_EQ(read_file(folder_ / "out/report.json"), before);

  folder_.write("theirs/notes.txt", "mine");
  EXPECT_THAT(message<ConfigError>({"output=" + path("theirs")}), HasSubstr("theirs/notes.txt"));
  EXPECT_THAT(message<ConfigError>({"output=" + path("mine.jsonl")}), HasSubstr("is a file"));
  fs::create_directory_symlink(folder_ / "nowhere", folder_ / "dangling");
  EXPECT_THAT(message<ConfigError>({"output=" + path("dangling")}), HasSubstr("a link to nothing"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "dangling"));
  EXPECT_THAT(message<ConfigError>({"output="}), HasSubstr("output"));
}

TEST_F(SelectOwnPool, TheOutputIsWhereTheUserSays) {
  fs::create_directory(folder_ / "real");
  fs::create_directory_symlink(folder_ / "real", folder_ / "link");
  run({"output=" + path("link")});
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_TRUE(fs::exists(folder_ / "real/report.json"));
  run({"output=" + path("link") + "/"});
  run({"output=" + path("deep/er/")});
  EXPECT_TRUE(fs::exists(folder_ / "deep/er/report.json"));
  EXPECT_THAT(left_in("deep"), ElementsAre("er"));

  const fs::path here = fs::current_path();
  fs::create_directory(folder_ / "work");
  fs::current_path(folder_ / "work");
  EXPECT_THAT(message<ConfigError>({"output=."}), HasSubstr("runs in"));
  run({"output=sub/"});
  fs::current_path(here);
  EXPECT_TRUE(fs::exists(folder_ / "work/sub/report.json"));
}

TEST_F(SelectOwnPool, WhatIsReadIsNotReplaced) {
  run({"export.media=copy"});
  EXPECT_THAT(message<ConfigError>({"pool.files=[" + path("out/data/train.jsonl") + "]",
                                    "maximum_missing_share=1", "selector.budget=1"}),
              HasSubstr("out/data/train.jsonl"));
  EXPECT_EQ(read(folder_ / "out/data/train.jsonl").size(), 3U);
}

TEST_F(SelectOwnPool, BytesOfARowLieInTheFolderAndAreNamedThere) {
  const std::string picture = encoded(".png", cv::Mat(2, 3, CV_8UC3, cv::Scalar::all(7)));
  folder_.write("inline.jsonl", R"({"id":"two","image":"data:image/png;base64,)" + base64(picture) +
                                    R"(","messages":[{"role":"user","content":"<image>What?"},)"
                                    R"({"role":"assistant","content":"A"}]})"
                                    "\n");
  run({"pool.files=[" + path("inline.jsonl") + "]", "selector.budget=1"});
  const Sample sample = read(folder_ / "out/data/train.jsonl").sample(0);
  ASSERT_EQ(sample.media.size(), 1U);
  const fs::path& file = sample.media[0].paths.front();
  EXPECT_THAT(file.string(), testing::StartsWith(path("out/data/media/")));
  EXPECT_EQ(read_file(file), picture);
}

TEST_F(SelectOwnPool, OneAtATimeWritesAFolder) {
  folder_.write(".out.lock", "");
  const int held = ::open(path(".out.lock").c_str(), O_RDWR);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  EXPECT_THAT(message<ConfigError>({}), HasSubstr("another process"));
  ::close(held);
  std::vector<std::thread> threads;
  std::vector<int> done(4, 0);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      try {
        std::ostringstream out;
        select_command({overrides({"selector.budget=" + std::to_string(i + 1)}),
                        false,
                        {kConfigs},
                        nullptr,
                        folder_ / "results"},
                       out);
        done[static_cast<std::size_t>(i)] = 1;
      } catch (const ConfigError&) {
        done[static_cast<std::size_t>(i)] = 2;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(std::count(done.begin(), done.end(), 1), 1);
  EXPECT_EQ(std::count(done.begin(), done.end(), 0), 0);
  // Whole, of one of them, and nothing beside it.
  const auto rows = read(folder_ / "out/data/train.jsonl").size();
  EXPECT_EQ(read_selected(find_selection(folder_ / "out")).size(), rows);
  EXPECT_EQ(report("out").at("selected").to_number<std::size_t>(), rows);
  run({});
  for (const std::string& name : left_in("")) EXPECT_EQ(name.find(".out"), std::string::npos);
}

}  // namespace
}  // namespace winnow
