// What a journal keeps of what is said twice, by processes that are killed, and of other runs.

#include "trackers/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/errors.h"
#include "core/files.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing_support::temporary_folder;

Record scalars(std::int64_t step, Scalars values, const std::string& run = "") {
  return {.kind = RecordKind::scalars, .run = run, .time = 1.0, .step = step, .values = values};
}
Record word(RecordKind kind, const std::string& key, const std::string& text) {
  return {.kind = kind, .time = 1.0, .key = key, .text = text};
}
Record start(const std::string& run = "") {
  return {.kind = RecordKind::start, .run = run, .time = 1.0, .key = run};
}
Record finish(const std::string& status, const std::string& run = "") {
  return {.kind = RecordKind::finish, .run = run, .time = 1.0, .text = status};
}

std::filesystem::path file() { return temporary_folder() / "journal.jsonl"; }

// "kind run step key=value ..." of every line.
std::vector<std::string> content() {
  std::vector<std::string> lines;
  for (const Record& record :
       read_journal(file(), 0, std::filesystem::file_size(file()), 1000).records) {
    std::string line = boost::describe::enum_to_string(record.kind, "");
    if (!record.run.empty()) line += " " + record.run;
    if (record.kind == RecordKind::scalars) line += fmt::format(" {}", record.step);
    for (const auto& [key, value] : record.values) line += fmt::format(" {}={}", key, value);
    if (!record.text.empty()) line += fmt::format(" {}={}", record.key, record.text);
    lines.push_back(line);
  }
  return lines;
}

TEST(Journal, StepsThatAreToldAgainAreKeptOnce) {
  {
    Journal journal(file());
    journal.append({start(), scalars(1, {{"loss", 3}}), scalars(2, {{"loss", 2}})});
    journal.append({scalars(2, {{"loss", 2}, {"rate", 7}}), scalars(3, {{"loss", 1}})});
  }
  Journal again(file());
  EXPECT_EQ(again.last_step("", "loss"), 3);
  EXPECT_EQ(again.last_step("", "other"), -1);
  again.append(
      {start(), scalars(1, {{"loss", 3}}), scalars(3, {{"loss", 1}}), scalars(4, {{"loss", 0}})});
  EXPECT_THAT(content(), ElementsAre("start", "scalars 1 loss=3", "scalars 2 loss=2",
                                     "scalars 2 rate=7", "scalars 3 loss=1", "scalars 4 loss=0"));
}

TEST(Journal, WordsThatAreToldAgain) {
  Journal journal(file());
  journal.append({start(), word(RecordKind::parameter, "lr", "1"),
                  word(RecordKind::tag, "commit", "a"),
                  word(RecordKind::artifact, "table", "kept/1")});
  journal.append({word(RecordKind::parameter, "lr", "2"), word(RecordKind::tag, "commit", "a"),
                  word(RecordKind::artifact, "table", "kept/2")});
  journal.append({word(RecordKind::tag, "commit", "b")});
  EXPECT_THAT(content(),
              ElementsAre("start", "parameter lr=1", "tag commit=a", "artifact table=kept/1",
                          "artifact table=kept/2", "tag commit=b"));
}

TEST(Journal, LineThatAKilledProcessLeftIsCutOff) {
  { Journal(file()).append({start(), scalars(1, {{"loss", 3}})}); }
  std::ofstream(file(), std::ios::app) << R"({"kind":"scalars","time":1,"step":2,"val)";
  Journal journal(file());
  journal.append({scalars(2, {{"loss", 2}})});
  EXPECT_THAT(content(), ElementsAre("start", "scalars 1 loss=3", "scalars 2 loss=2"));
  EXPECT_EQ(journal.size(), std::filesystem::file_size(file()));
}

TEST(Journal, RunThatHadEndedIsResumedByWhatIsNew) {
  Journal journal(file());
  journal.append({start(), start("a"), scalars(1, {{"loss", 3}}, "a"), finish("finished", "a"),
                  finish("finished")});
  EXPECT_THAT(journal.unfinished(), ElementsAre());
  // Nothing is new in these.
  journal.append({start(), start("a"), scalars(1, {{"loss", 3}}, "a"), finish("finished", "a"),
                  finish("finished")});
  EXPECT_EQ(content().size(), 5U);
  journal.append({scalars(2, {{"loss", 2}}, "a")});
  EXPECT_THAT(journal.unfinished(), ElementsAre("a", ""));
  journal.append({finish("finished", "a"), finish("failed")});
  const std::vector<std::string> all = content();
  EXPECT_THAT(std::vector<std::string>(all.begin() + 5, all.end()),
              ElementsAre("resume a", "resume", "scalars a 2 loss=2", "finish a =finished",
                          "finish =failed"));
}

TEST(Journal, ChildOfAnotherIdentityIsAnotherRun) {
  {
    Journal journal(file());
    EXPECT_EQ(journal.child("", "temp", "x"), "temp");
    EXPECT_EQ(journal.child("", "temp", "x"), "temp");
    EXPECT_EQ(journal.child("temp", "inner", "x"), "temp/inner");
    Record known = start("temp");
    known.text = "x";
    journal.append({start(), known});
  }
  Journal journal(file());
  EXPECT_EQ(journal.child("", "temp", "y"), "temp.2");
  EXPECT_EQ(journal.child("", "temp", "x"), "temp");
  EXPECT_EQ(journal.child("", "temp", "z"), "temp.3");
}

TEST(Journal, DamagedLineIsNamed) {
  write_file(file(), to_line(start()) + "\nnot a record\n");
  try {
    Journal journal(file());
    FAIL() << "it was read";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(file().string()));
    EXPECT_THAT(error.what(),
                testing::HasSubstr(fmt::format("byte {}:", to_line(start()).size() + 1)));
  }
}

}  // namespace
}  // namespace winnow
