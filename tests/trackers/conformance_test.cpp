// What every tracker owes: a piece that comes again, after a failure or a kill, is there once.
// Those that write files are compared by these, the server by what it was told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/read.h"
#include "core/files.h"
#include "temporary_folder.h"
#include "trackers/mlflow_server.h"
#include "trackers/tracker.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing_support::temporary_folder;

// The header of a PNG file of one grey pixel.
const std::string kPng =
    std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0", 29) + "rest";

class TrackerTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ::setenv("MLFLOW_TRACKING_URI", server_.uri().c_str(), 1); }
  void TearDown() override { ::unsetenv("MLFLOW_TRACKING_URI"); }

  TrackedRunFacts facts(const std::string& name) const {
    const fs::path folder = temporary_folder() / name;
    write_file(folder / "kept/image.png", kPng);
    return {name, "mine", "", folder};
  }
  std::unique_ptr<Tracker> make() const {
    return trackers().create(config::parse_toml("type = '" + GetParam() + "'", "test"),
                             "trackers.a");
  }
  // Sizes of the files that a tracker has written.
  std::vector<std::uintmax_t> sizes(const TrackedRunFacts& run) const {
    std::vector<std::uintmax_t> result;
    for (const auto& entry : fs::recursive_directory_iterator(run.folder)) {
      if (entry.is_regular_file()) result.push_back(entry.file_size());
    }
    std::sort(result.begin(), result.end());
    return result;
  }

  test::MlflowServer server_;
};

std::vector<Record> piece(int number) {
  std::vector<Record> records;
  for (const std::string run : {"", "child"}) {
    if (number == 0) {
      records.push_back({.kind = RecordKind::start, .run = run, .time = 1.7e9, .key = "mine"});
      records.push_back(
          {.kind = RecordKind::parameter, .run = run, .time = 1.7e9, .key = "seed", .text = "7"});
      records.push_back(
          {.kind = RecordKind::setting, .run = run, .time = 1.7e9, .key = "a.b", .text = "c"});
      records.push_back(
          {.kind = RecordKind::tag, .run = run, .time = 1.7e9, .key = "commit", .text = "d"});
    }
    for (int step = 10 * number; step < 10 * number + 10; ++step) {
      records.push_back({.kind = RecordKind::scalars,
                         .run = run,
                         .time = 1.7e9 + step,
                         .step = step,
                         .values = {{"train/loss", 0.5}, {"system/x", 1.0}}});
    }
    records.push_back({.kind = RecordKind::text,
                       .run = run,
                       .time = 1.7e9,
                       .step = number,
                       .key = "t",
                       .text = "*word*"});
    records.push_back({.kind = RecordKind::image,
                       .run = run,
                       .time = 1.7e9,
                       .step = number,
                       .key = "i",
                       .text = "kept/image.png"});
    records.push_back({.kind = RecordKind::artifact,
                       .run = run,
                       .time = 1.7e9,
                       .key = "a.png",
                       .text = "kept/image.png"});
    records.push_back(
        {.kind = RecordKind::finish, .run = run, .time = 1.7e9 + 99, .text = "finished"});
    if (number > 0) {
      records.insert(records.begin(), {.kind = RecordKind::resume, .run = run, .time = 1.7e9});
    }
  }
  return records;
}

TEST_P(TrackerTest, PieceThatComesAgainIsThereOnce) {
  const std::atomic<bool> stop{false};
  const TrackedRunFacts once = facts("once"), twice = facts("twice");
  json::object memory;
  const auto tracker = make();
  for (int i = 0; i < 3; ++i) tracker->take(once, piece(i), memory, stop);

  json::object other;
  const auto same = make();
  for (int i = 0; i < 3; ++i) {
    json::object lost = other;
    same->take(twice, piece(i), lost, stop);  // and nobody remembers
    same->take(twice, piece(i), other, stop);
  }
  EXPECT_EQ(sizes(twice), sizes(once));
  EXPECT_TRUE(sizes(once).size() > 1 || server_.count() == 4);
}

TEST_P(TrackerTest, AnotherProcessGoesOnWhereTheMemoryIs) {
  const std::atomic<bool> stop{false};
  const TrackedRunFacts run = facts("killed");
  json::object memory;
  make()->take(run, piece(0), memory, stop);
  const auto reached = sizes(run);
  {
    json::object lost = memory;
    make()->take(run, piece(1), lost, stop);
  }
  make()->take(run, piece(1), memory, stop);
  const auto after = sizes(run);
  EXPECT_GE(after.size(), reached.size());
  make()->take(run, {}, memory, stop);
  EXPECT_EQ(sizes(run), after);
}

TEST_P(TrackerTest, ImageThatIsNoneHoldsNothingUp) {
  const std::atomic<bool> stop{false};
  const TrackedRunFacts run = facts("image");
  write_file(run.folder / "kept/image.png", "GIF89a");
  json::object memory;
  EXPECT_NO_THROW(make()->take(run, piece(0), memory, stop));
  EXPECT_FALSE(memory.empty());
}

INSTANTIATE_TEST_SUITE_P(All, TrackerTest, testing::ValuesIn(trackers().names()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace winnow
