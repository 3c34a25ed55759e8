#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "selectors/tables.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using testing::make;

// Of 90 rows 30 are videos, 15 of them with a temporal question; pictures have some, too.
SampleTable table_of_90() {
  std::vector<RowFacts> rows;
  for (int i = 0; i < 90; ++i) {
    rows.push_back({fmt::format("r{}", i), "s", i % 3 == 0 ? Modality::video : Modality::image,
                    i % 2 == 0 ? "temporal" : "static", fmt::format("c{}", i), 1});
  }
  return SampleTable(rows);
}

int temporal_videos(const SampleTable& table, const Selection& selection) {
  int count = 0;
  for (const auto& taken : selection.rows) {
    count += table.rows().modality(taken.row) == Modality::video &&
                     table.rows().question_type(taken.row) == "temporal"
                 ? 1
                 : 0;
  }
  return count;
}

TEST(TemporalShare, TakesTheShareToTheNearestRow) {
  const SampleTable table = table_of_90();
  for (const auto& [share, expected] : {std::pair{0.0, 0}, {0.26, 3}, {0.5, 5}, {1.0, 10}}) {
    const Selection selection =
        make("temporal_share", {{"budget", 10}, {"temporal_share", share}})->select({table, 1});
    EXPECT_EQ(selection.rows.size(), 10U);
    EXPECT_EQ(temporal_videos(table, selection), expected) << share;
  }
}

TEST(TemporalShare, ALargerShareKeepsTheTemporalRowsOfASmallerOne) {
  const SampleTable table = table_of_90();
  const auto taken = [&](double share) {
    std::set<std::string> names;
    const Selection selection =
        make("temporal_share", {{"budget", 10}, {"temporal_share", share}})->select({table, 4});
    for (const auto& row : selection.rows) {
      if (row.stage == "temporal") names.emplace(table.rows().id(row.row));
    }
    return names;
  };
  const auto few = taken(0.3), many = taken(0.8);
  EXPECT_EQ(few.size(), 3U);
  EXPECT_TRUE(std::includes(many.begin(), many.end(), few.begin(), few.end()));
}

TEST(TemporalShare, SaysWhatIsShort) {
  const SampleTable table = table_of_90();
  try {
    make("temporal_share", {{"budget", 40}, {"temporal_share", 0.5}})->select({table, 1});
    FAIL() << "took more temporal rows than there are";
  } catch (const ConstraintError& error) {
    EXPECT_THAT(error.what(), HasSubstr("20 temporal rows, but there are 15: 5 short"));
  }
}

}  // namespace
}  // namespace winnow
