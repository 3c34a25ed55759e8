#include "core/mapped_file.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace winnow
