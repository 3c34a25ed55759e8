#include "gdo_release/python/line_file.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "core/files.h"
#include "temporary_folder.h"

namespace winnow::gdo_release::python {
namespace {

class LinesByOffsetTest : public ::testing::Test {
 protected:
  LinesByOffsetTest() : path_(testing_support::temporary_folder() / "lines") {}
  ~LinesByOffsetTest() override { std::filesystem::remove_all(path_.parent_path()); }
  std::filesystem::path path_;
};

TEST_F(LinesByOffsetTest, LinesOfAnyLengthInAnyOrder) {
  // The middle line is longer than what is mapped at a time, and the last one has no break.
  const std::string first = "first\r", middle(std::size_t{20} << 20, 'm'), last = "last";
  write_file(path_, first + "\n" + middle + "\nshort\n" + last);
  LinesByOffset lines(path_);
  const auto after_first = static_cast<std::int64_t>(first.size() + 1);
  const auto after_middle = after_first + static_cast<std::int64_t>(middle.size() + 1);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lines.line_at(after_middle + 6), last);
    lines.prefetch(after_middle);
    EXPECT_EQ(lines.line_at(0), "first");
    EXPECT_EQ(lines.line_at(after_first), middle);
    EXPECT_EQ(lines.line_at(after_middle), "short");
  }
  EXPECT_EQ(lines.line_at(after_middle + 6 + 4), "");
  EXPECT_EQ(lines.line_at(std::int64_t{1} << 40), "");
}

TEST_F(LinesByOffsetTest, AnEmptyFileHasNoLinesAndAMissingOneIsAnError) {
  write_file(path_, "");
  EXPECT_EQ(LinesByOffset(path_).line_at(0), "");
  EXPECT_THROW(LinesByOffset(path_ / "none"), IoError);
}

}  // namespace
}  // namespace winnow::gdo_release::python
