// Walks that were killed, whose journal is damaged, full, foreign or has failures.

#include <gmock/gmock.h>
#include <signal.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "core/files.h"
#include "core/parallel.h"
#include "core/random.h"
#include "measuring/row_journal.h"
#include "support.h"

namespace winnow {
namespace {

using test::content;
using test::LengthMaker;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Resume : public test::WalkTest {
 protected:
  Resume() {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
    journal_ = folder_ / "journal";
  }
  ~Resume() override {
    spdlog::set_default_logger(before_);
    set_worker_count(0);
  }

  std::map<std::string, std::string> expected() {
    const std::filesystem::path journal = std::exchange(journal_, {});
    LengthMaker maker;
    auto result = content(walk_over(maker));
    journal_ = journal;
    return result;
  }

  std::ostringstream log_;
  const std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

TEST_F(Resume, GoesOnWhereverTheJournalWasCut) {
  LengthMaker maker;
  set_worker_count(1);
  const auto wanted = content(walk_over(maker));
  const std::string whole = read_file(journal_);
  ASSERT_GT(whole.size(), 900U);
  journal_ = folder_ / "cut";
  std::size_t most_resumed = 0;
  for (std::size_t size = 0; size <= whole.size(); size += size < 250 ? 5 : 17) {
    write_file(journal_, whole.substr(0, size));
    LengthMaker again;
    const WalkResult result = walk_over(again);
    ASSERT_EQ(content(result), wanted) << "cut at byte " << size;
    // Whole again; the bytes differ in the CPU time that the chunks took.
    ASSERT_EQ(std::filesystem::file_size(journal_), whole.size()) << "cut at byte " << size;
    ASSERT_EQ(again.measured, samples_.size() - result.resumed_rows);
    EXPECT_EQ(result.earlier_cpu_seconds > 0.0, result.resumed_rows > 0);
    EXPECT_GE(result.resumed_rows, most_resumed);
    EXPECT_EQ(result.totals.at(0), 14.0 * 15.0 / 2.0);
    most_resumed = result.resumed_rows;
  }
  EXPECT_GE(most_resumed, 8U);
  write_file(journal_, whole);
  LengthMaker nothing_left;
  EXPECT_EQ(walk_over(nothing_left).resumed_rows, samples_.size());
  EXPECT_EQ(nothing_left.measured, 0U);
}

TEST_F(Resume, AKilledWalkGoesOnWithoutALoss) {
  const auto wanted = expected();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    set_worker_count(1);
    LengthMaker maker;
    maker.before = [](const Sample& sample) {  // in the third chunk
      if (sample.id == "s5") ::kill(::getpid(), SIGKILL);
    };
    walk_over(maker);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  LengthMaker maker;
  const WalkResult result = walk_over(maker);
  EXPECT_EQ(result.resumed_rows, 8U);
  EXPECT_EQ(maker.measured, 6U);
  EXPECT_EQ(content(result), wanted);
}

TEST_F(Resume, ThePoolMayBeInAnotherOrder) {
  LengthMaker maker;
  const auto wanted = content(walk_over(maker));
  RandomStream(1, "test").shuffle(samples_);
  const WalkResult result = walk_over(maker);
  EXPECT_EQ(result.resumed_rows, samples_.size());
  EXPECT_EQ(content(result), wanted);
}

TEST_F(Resume, MeasuresAgainWhatIsDamaged) {
  LengthMaker maker;
  const auto wanted = content(walk_over(maker));
  const std::string whole = read_file(journal_);
  RandomStream random(1, "test");
  for (int i = 0; i < 60; ++i) {
    std::string damaged = whole;
    const std::size_t place = 21 + random.below(whole.size() - 21);  // behind the first line
    damaged[place] = static_cast<char>(damaged[place] ^ (1 << random.below(8)));
    write_file(journal_, damaged);
    const WalkResult result = walk_over(maker);
    ASSERT_EQ(content(result), wanted) << place;
    EXPECT_LT(result.resumed_rows, samples_.size()) << place;
    EXPECT_THAT(log_.str(), HasSubstr("torn bytes"));
  }
}

TEST_F(Resume, DropsTheJournalOfAnotherWalkAndSaysWhy) {
  LengthMaker maker;
  walk_over(maker);
  const auto dropped_for = [&](const std::string& why) {
    log_.str("");
    const WalkResult result = walk_over(maker);
    EXPECT_EQ(result.resumed_rows, 0U) << why;
    EXPECT_THAT(log_.str(), AllOf(HasSubstr("journal"), HasSubstr("with other " + why + ";")));
    EXPECT_EQ(content(result), expected()) << why;
    log_.str("");
    EXPECT_EQ(walk_over(maker).resumed_rows, samples_.size()) << why;
    EXPECT_EQ(log_.str(), "");
  };
  maker.version = "2";
  dropped_for("version");
  options_.chunk_samples = 5;
  dropped_for("chunks");
  samples_[0].turns[0].text += "?";
  dropped_for("samples");
  samples_.pop_back();
  maker.version = "3";
  dropped_for("chunks, samples, version");
}

TEST_F(Resume, DropsTheJournalOfAnotherVersion) {
  LengthMaker maker;
  write_file(journal_, "winnow row journal 1\nand so on");
  EXPECT_EQ(walk_over(maker).resumed_rows, 0U);
  EXPECT_THAT(log_.str(), HasSubstr("another version"));
  EXPECT_EQ(walk_over(maker).resumed_rows, samples_.size());
}

TEST_F(Resume, LeavesAFileThatIsNoJournalAlone) {
  LengthMaker maker;
  journal_ = folder_ / "notes.txt";
  write_file(journal_, "my notes");
  EXPECT_THROW(walk_over(maker), DataError);
  EXPECT_EQ(read_file(journal_), "my notes");
}

TEST_F(Resume, AJournalIsHeldByOneAtATime) {
  const RowJournal held(journal_, {});
  LengthMaker maker;
  EXPECT_THROW(walk_over(maker), IoError);
}

TEST_F(Resume, RetriesFailuresWhenAsked) {
  const auto wanted = expected();
  set_worker_count(1);
  LengthMaker maker;
  maker.failures["s5"] = "no such file";
  EXPECT_THROW(walk_over(maker), TooManyFailed);
  // The journal knows the failure: without the option the walk stops again, cause or no cause.
  maker.failures.clear();
  EXPECT_THROW(walk_over(maker), TooManyFailed);
  options_.maximum_failed_share = 0.5;
  const WalkResult failed = walk_over(maker);
  ASSERT_EQ(failed.failures.size(), 1U);
  EXPECT_EQ(failed.failures[0].id, "s5");
  EXPECT_EQ(failed.failures[0].reason, "no such file");

  options_ = {4, 0.0, true};
  std::set<std::string> seen;
  maker.before = [&](const Sample& sample) { seen.insert(sample.id); };
  const WalkResult repaired = walk_over(maker);
  EXPECT_EQ(content(repaired), wanted);
  EXPECT_EQ(repaired.totals.at(0), 14.0 * 15.0 / 2.0);
  EXPECT_EQ(repaired.resumed_rows, samples_.size() - 4);
  EXPECT_THAT(seen, testing::ElementsAre("s4", "s5", "s6", "s7"));  // its chunk
  EXPECT_EQ(walk_over(maker).resumed_rows, samples_.size());        // nothing to try again
  options_.retry_failed = false;  // the repaired version counts from now on
  EXPECT_EQ(content(walk_over(maker)), wanted);
}

TEST_F(Resume, ReportsAFullDiskAndCanGoOnAfterwards) {
  LengthMaker maker;
  const auto wanted = content(walk_over(maker));
  const auto whole = std::filesystem::file_size(journal_);
  std::filesystem::remove(journal_);
  // A file size limit stands for a full disk: the write fails in the same place.
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{whole - 100, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THROW(walk_over(maker), IoError);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  ::signal(SIGXFSZ, handler);
  const WalkResult result = walk_over(maker);
  EXPECT_EQ(content(result), wanted);
  EXPECT_GT(result.resumed_rows, 0U);
}

}  // namespace
}  // namespace winnow
