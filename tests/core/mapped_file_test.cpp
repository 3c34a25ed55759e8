#include "core/mapped_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/errors.h"
#include "core/files.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

TEST(MappedFile, HoldsTheBytesOfAFile) {
  const std::filesystem::path folder = testing_support::temporary_folder();
  const std::string content = std::string("a\0b\n", 4) + std::string(100000, 'x');
  write_file(folder / "full", content);
  write_file(folder / "empty", "");
  MappedFile file(folder / "full");
  EXPECT_EQ(file.bytes(), content);
  MappedFile moved(std::move(file));
  EXPECT_EQ(moved.bytes(), content);
  EXPECT_TRUE(MappedFile(folder / "empty").bytes().empty());
  EXPECT_THROW(MappedFile(folder / "none"), IoError);
  EXPECT_THROW(MappedFile{folder}, IoError);
  std::filesystem::remove_all(folder);
}

// Pages of files in memory, of this process.
std::int64_t resident_file_pages() {
  std::int64_t size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return shared;
}

TEST(MappedFile, ReleasesTheMemoryOfWhatWasRead) {
  const std::filesystem::path folder = testing_support::temporary_folder();
  constexpr std::size_t kSize = 32U << 20U;
  write_file(folder / "large", std::string(kSize, 'x'));
  const MappedFile file(folder / "large");
  const auto sum = [&] { return std::count(file.bytes().begin(), file.bytes().end(), 'x'); };
  const std::int64_t before = resident_file_pages();
  EXPECT_EQ(sum(), kSize);
  const std::int64_t read = resident_file_pages() - before;
  EXPECT_GE(read, 7000);  // of 8192 pages of 4 KiB
  file.release(file.bytes().substr(5, kSize / 2));
  EXPECT_LE(resident_file_pages() - before, read / 2 + 200);
  file.release(file.bytes());
  EXPECT_LE(resident_file_pages() - before, 200);
  EXPECT_EQ(sum(), kSize);  // and is there again
  file.release({});
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace winnow
