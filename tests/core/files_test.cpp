#include "core/files.h"

#include <gmock/gmock.h>

#include <set>

#include "core/errors.h"
#include "core/hash.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Names = std::set<std::string>;

Names names_in(const fs::path& folder) {
  Names result;
  for (const auto& entry : fs::directory_iterator(folder)) result.insert(entry.path().filename());
  return result;
}

TEST(Files, ComeBackByteForByteAndReplaceWhatWasThere) {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\r\n\xff", 6);
  write_file(folder / "new/folder/file.bin", bytes);
  EXPECT_EQ(read_file(folder / "new/folder/file.bin"), bytes);
  write_file(folder / "new/folder/file.bin", "");
  EXPECT_EQ(read_file(folder / "new/folder/file.bin"), "");
  EXPECT_EQ(names_in(folder / "new/folder"), Names{"file.bin"});
}

TEST(Files, AFailedWriterLeavesTheOldFileAndNothingElse) {
  const TemporaryFolder folder;
  write_file(folder / "table.npy", "old");
  EXPECT_THROW(write_file_with(folder / "table.npy",
                               [](const fs::path& path) {
                                 EXPECT_EQ(path.extension(), ".npy");
                                 write_file(path, "half of the n");
                                 throw DataError("the second half is missing");
                               }),
               DataError);
  EXPECT_EQ(read_file(folder / "table.npy"), "old");
  EXPECT_EQ(names_in(folder.path()), Names{"table.npy"});
}

TEST(Files, AWriterThatWritesNothingIsAnError) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_file_with(folder / "empty", [](const fs::path&) {}), IoError);
  EXPECT_EQ(names_in(folder.path()), Names{});
}

TEST(Files, ErrorsNameThePathAndTheReason) {
  const TemporaryFolder folder;
  try {
    read_file(folder / "absent.toml");
    FAIL() << "there is no such file";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder / "absent.toml").string()));
    EXPECT_THAT(error.what(), HasSubstr("No such file"));
  }
  folder.write("file", "");
  EXPECT_THROW(write_file(folder / "file/below.txt", "x"), IoError);
  fs::create_directory(folder / "taken");
  EXPECT_THROW(write_file(folder / "taken", "x"), IoError);  // a folder is not replaced by a file
  EXPECT_EQ(names_in(folder.path()), (Names{"file", "taken"}));
}

TEST(PendingDirectory, AppearsWholeWithCommit) {
  const TemporaryFolder folder;
  folder.write("stage/old.txt", "of an earlier run");
  {
    PendingDirectory pending(folder / "stage");
    write_file(pending.path() / "new.txt", "new");
    EXPECT_EQ(names_in(folder / "stage"), Names{"old.txt"});
    pending.commit();
  }
  EXPECT_EQ(names_in(folder / "stage"), Names{"new.txt"});
  EXPECT_EQ(names_in(folder.path()), Names{"stage"});
}

TEST(PendingDirectory, IsGoneWithoutCommit) {
  const TemporaryFolder folder;
  {
    const PendingDirectory pending(folder / "stage");
    write_file(pending.path() / "new.txt", "new");
  }
  EXPECT_EQ(names_in(folder.path()), Names{});
}

TEST(PendingDirectory, CleansUpAfterAKilledProcess) {
  const TemporaryFolder folder;
  fs::path leftover;
  {
    const PendingDirectory pending(folder / "stage");
    leftover = pending.path();
  }
  write_file(leftover / "half.txt", "half");
  PendingDirectory pending(folder / "stage");
  EXPECT_EQ(names_in(pending.path()), Names{});
  EXPECT_EQ(names_in(folder.path()), Names{pending.path().filename().string()});
}

TEST(PendingDirectory, OfTwoAtOnceTheLastCommitStaysWhole) {
  const TemporaryFolder folder;
  PendingDirectory first(folder / "stage"), second(folder / "stage");
  write_file(first.path() / "a.txt", "first");
  write_file(second.path() / "b.txt", "second");
  second.commit();
  EXPECT_EQ(names_in(folder / "stage"), Names{"b.txt"});
  first.commit();
  EXPECT_EQ(names_in(folder / "stage"), Names{"a.txt"});
}

TEST(PendingDirectory, RefusesToCommitAFolderThatWasRemovedMeanwhile) {
  const TemporaryFolder folder;
  folder.write("stage/old.txt", "of an earlier run");
  PendingDirectory pending(folder / "stage");
  write_file(pending.path() / "first.txt", "x");
  fs::remove_all(pending.path());
  EXPECT_THROW(pending.commit(), IoError);
  write_file(pending.path() / "second.txt", "x");  // makes the folder anew
  EXPECT_THROW(pending.commit(), IoError);
  EXPECT_EQ(names_in(folder / "stage"), Names{"old.txt"});
}

TEST(CopyFolder, CopiesEverythingAndNamesWhatItCannot) {
  const TemporaryFolder folder;
  folder.write("from/a.txt", "a");
  folder.write("from/deep/er/b.txt", std::string(200'000, 'b'));
  fs::create_directories(folder / "from/empty");
  copy_folder(folder / "from", folder / "to");
  EXPECT_EQ(names_in(folder / "to"), (Names{"a.txt", "deep", "empty"}));
  EXPECT_EQ(read_file(folder / "to/deep/er/b.txt"), std::string(200'000, 'b'));
  try {
    copy_folder(folder / "from", "/dev/full/to");
    FAIL() << "no error";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/dev/full"));
  }
  EXPECT_THROW(copy_folder(folder / "absent", folder / "other"), IoError);
}

// Stored stages are found by these: another value means that all of them are computed again.
TEST(Digests, HaveTheSameValueEverywhere) {
  EXPECT_EQ(hash64(""), 0x2d06800538d394c2u);  // the published value of XXH3 for no input
  EXPECT_EQ(digest_of("winnow"), "4f1773f3751a620cf806cd8125008c1e");
}

TEST(Digests, KeepPartsApart) {
  EXPECT_NE(Digest().add("ab").add("c").hex(), Digest().add("a").add("bc").hex());
  EXPECT_NE(Digest().add("").add("a").hex(), Digest().add("a").add("").hex());
  EXPECT_NE(Digest().add(0.0).hex(), Digest().add(-0.0).hex());
  EXPECT_EQ(Digest().add("a").hex(), digest_of("a"));
}

TEST(Digests, GoOnAfterTheyWereRead) {
  Digest digest;
  digest.add("a");
  EXPECT_EQ(digest.hex(), digest_of("a"));
  digest.add("b");
  EXPECT_EQ(digest.hex(), Digest().add("a").add("b").hex());
}

TEST(Digests, OfAFileAreOfItsBytesAlone) {
  const TemporaryFolder folder;
  std::string large((1 << 20) + 3, 'x');  // more than one read
  const auto one = folder.write("one", large), two = folder.write("two", large);
  large.back() = 'y';
  const auto other = folder.write("other", large);
  EXPECT_EQ(digest_of_file(one), digest_of_file(two));
  EXPECT_NE(digest_of_file(one), digest_of_file(other));
  EXPECT_THROW(digest_of_file(folder / "absent"), IoError);
}

}  // namespace
}  // namespace winnow
