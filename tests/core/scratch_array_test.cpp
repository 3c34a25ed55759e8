#include "core/scratch_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/errors.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

TEST(ScratchArray, IsZeroThenHoldsWhatIsWrittenAndLeavesNoFile) {
  const std::filesystem::path folder = testing_support::temporary_folder();
  std::filesystem::create_directories(folder);
  ScratchArray array(folder, 100'000);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  ASSERT_EQ(array.values().size(), 100'000U);
  EXPECT_TRUE(std::all_of(array.values().begin(), array.values().end(),
                          [](float value) { return value == 0.0F; }));
  array.values()[99'999] = 3.0F;
  ScratchArray moved(std::move(array));
  EXPECT_EQ(moved.values()[99'999], 3.0F);
  EXPECT_TRUE(array.values().empty());  // NOLINT(bugprone-use-after-move): it says so
  EXPECT_TRUE(ScratchArray(folder, 0).values().empty());
  std::filesystem::remove_all(folder);
}

std::int64_t anonymous_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t kilobytes = 0;
    if (word == "RssAnon:" && status >> kilobytes) return kilobytes;
  }
  return -1;
}

TEST(ScratchArray, TakesNoMemoryThatTheSystemCannotWriteOut) {
  const std::filesystem::path folder = testing_support::temporary_folder();
  std::filesystem::create_directories(folder);
  const std::int64_t before = anonymous_kilobytes();
  if (before < 0) GTEST_SKIP() << "this kernel does not tell anonymous memory from files";
  ScratchArray array(folder, std::size_t{16} << 20U);  // 64 MiB
  std::fill(array.values().begin(), array.values().end(), 1.0F);
  EXPECT_LT(anonymous_kilobytes() - before, 8 << 10U);
  std::filesystem::remove_all(folder);
}

TEST(ScratchArray, NamesTheFolderThatCannotTakeIt) {
  try {
    ScratchArray("/no/such/folder", 1);
    FAIL();
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(),
                ::testing::StartsWith("/no/such/folder: cannot take a scratch file of 4 bytes"));
  }
}

}  // namespace
}  // namespace winnow
