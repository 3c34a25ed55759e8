#include "measuring/walk.h"

#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <thread>

#include "core/files.h"
#include "core/parallel.h"
#include "core/random.h"
#include "support.h"

namespace winnow {
namespace {

using test::content;
using test::LengthMaker;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Walk : public test::WalkTest {
 protected:
  ~Walk() override { set_worker_count(0); }
};

TEST_F(Walk, FillsColumnsVectorsAndTotals) {
  LengthMaker maker;
  const WalkResult result = walk_over(maker);
  EXPECT_TRUE(result.failures.empty());
  EXPECT_EQ(result.resumed_rows, 0U);
  EXPECT_GT(result.cpu_seconds, 0.0);
  const Column& length = result.table.column("length");
  for (std::size_t row = 0; row < samples_.size(); ++row) {
    EXPECT_EQ(length.values(row), static_cast<double>(row + 1));
    EXPECT_EQ(
        result.table.column("even").states(row),
        static_cast<std::uint8_t>(row % 2 == 1 ? CellState::valid : CellState::not_applicable));
    ASSERT_EQ(result.vectors.at(0).has(row), row > 0);
    if (row == 0) continue;
    EXPECT_EQ(result.vectors[0][row][1], -static_cast<float>(row + 1));
  }
  EXPECT_THAT(result.totals, ElementsAre(14 * 15 / 2));
  EXPECT_EQ(result.table.rows().id(3), "s3");
}

TEST_F(Walk, DoesNotDependOnThreadsOrTheOrderOfRows) {
  LengthMaker maker;
  set_worker_count(1);
  const auto expected = content(walk_over(maker));
  set_worker_count(4);
  maker.before = [](const Sample& sample) {  // chunks end in another order
    std::this_thread::sleep_for(std::chrono::milliseconds(sample.id == "s0" ? 20 : 0));
  };
  EXPECT_EQ(content(walk_over(maker)), expected);
  RandomStream(1, "test").shuffle(samples_);
  EXPECT_EQ(content(walk_over(maker)), expected);
}

TEST_F(Walk, LeavesRowsThatNobodyWantsMissing) {
  LengthMaker maker;
  rows_ = std::vector<std::size_t>{7, 2, 3};
  const WalkResult result = walk_over(maker);
  EXPECT_EQ(maker.measured, 3U);
  const Column& length = result.table.column("length");
  for (std::size_t row = 0; row < samples_.size(); ++row) {
    EXPECT_EQ(length.valid(row), row == 7 || row == 2 || row == 3) << row;
    EXPECT_EQ(result.vectors[0].has(row), length.valid(row)) << row;
    if (length.valid(row)) continue;
    EXPECT_EQ(length.states(row), std::uint8_t(CellState::missing));
  }
}

TEST_F(Walk, KeepsTheReasonOfEachFailure) {
  LengthMaker maker;
  maker.failures = {{"s9", "torn"}, {"s2", "too long"}};
  options_.maximum_failed_share = 0.2;
  const WalkResult result = walk_over(maker);
  ASSERT_EQ(result.failures.size(), 2U);
  EXPECT_EQ(result.failures[0].row, 2U);
  EXPECT_EQ(result.failures[0].id, "s2");
  EXPECT_EQ(result.failures[0].reason, "too long");
  EXPECT_EQ(result.failures[1].reason, "torn");
  EXPECT_EQ(result.table.column("among").states(9), std::uint8_t(CellState::failed));
  EXPECT_TRUE(result.table.column("length").valid(9));
}

TEST_F(Walk, StopsWhenTooManyFail) {
  LengthMaker maker;
  for (const char* id : {"s2", "s3", "s4"}) maker.failures[id] = "too long";
  maker.failures["s5"] = "torn";
  options_.maximum_failed_share = 3.0 / 14.0;
  try {
    walk_over(maker);
    FAIL() << "went on";
  } catch (const TooManyFailed& error) {
    EXPECT_EQ(error.failed, 4U);
    EXPECT_EQ(error.total, 14U);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("4 of 14 samples"), HasSubstr("test.maximum_failed_share"),
                      HasSubstr("3 x too long (e.g. sample 's2')"),
                      HasSubstr("1 x torn (e.g. sample 's5')")));
  }
  maker.failures.erase("s5");
  EXPECT_EQ(walk_over(maker).failures.size(), 3U);
}

TEST_F(Walk, AnErrorOfOneThreadStopsTheOthersAndIsTheOneThatCounts) {
  LengthMaker maker;
  options_.chunk_samples = 1;
  set_worker_count(3);
  maker.before = [&](const Sample& sample) {
    if (sample.id == "s0") throw std::runtime_error("the power failed");
    while (maker.stopped == 0) std::this_thread::yield();
    throw std::runtime_error("I was stopped");
  };
  try {
    walk_over(maker);
    FAIL() << "went on";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "the power failed");
  }
  EXPECT_EQ(maker.stopped, 1);
  EXPECT_LE(maker.measured, 3U);
}

TEST_F(Walk, AMakerThatGivesTheWrongNumberOfCellsIsABug) {
  class TooFew : public LengthMaker {
    MeasuredChunk measure(const std::vector<Sample>& samples) override {
      MeasuredChunk chunk = LengthMaker::measure(samples);
      chunk.rows.back().cells.pop_back();
      return chunk;
    }
  } maker;
  EXPECT_THROW(walk_over(maker), std::logic_error);
}

TEST_F(Walk, ASampleThatIsNotInItsFileAnyMoreFails) {
  std::string rows;
  for (int i = 0; i < 6; ++i) {
    rows += R"({"id":"r)" + std::to_string(i) + R"(","messages":[{"role":"user","content":")" +
            std::string(static_cast<std::size_t>(i + 2), 'q') +
            R"("},{"role":"assistant","content":"a"}]})" + "\n";
  }
  PoolOptions options;
  options.files = {folder_ / "rows.jsonl"};
  write_file(options.files[0], rows);
  const Pool pool = Pool::read(options);
  rows.replace(rows.find("\"qqqq\""), 6, "\"WWWW\"");
  std::ofstream(options.files[0], std::ios::in | std::ios::binary) << rows;
  LengthMaker maker;
  options_.maximum_failed_share = 0.5;
  const WalkResult result = walk_over(maker, pool);
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].id, "r2");
  EXPECT_THAT(result.failures[0].reason, HasSubstr("rows.jsonl:3"));
  for (std::size_t row = 0; row < 6; ++row) {
    EXPECT_EQ(result.table.column("length").valid(row), row != 2);
  }
  EXPECT_EQ(maker.measured, 5U);
}

TEST_F(Walk, AnEmptyPoolHasEmptyColumns) {
  LengthMaker maker;
  samples_.clear();
  const WalkResult result = walk_over(maker);
  EXPECT_EQ(result.table.column("length").size(), 0U);
}

}  // namespace
}  // namespace winnow
