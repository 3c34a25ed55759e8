#pragma once
// A folder for the files of the running test: tests run side by side, each in a process of its own.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

namespace winnow::testing_support {

// Removes folders when the process that named them ends, even by a test that failed half way. A
// child that a test forked leaves them alone.
class FoldersOfThisProcess {
 public:
  ~FoldersOfThisProcess() {
    if (::getpid() != process_) return;
    std::error_code ignored;
    for (const std::filesystem::path& folder : folders_) {
      std::filesystem::remove_all(folder, ignored);
    }
  }
  void insert(const std::filesystem::path& folder) { folders_.insert(folder); }

 private:
  ::pid_t process_ = ::getpid();
  std::set<std::filesystem::path> folders_;
};

// The same path for all calls of one test. It does not exist yet; when the process ends, whatever
// the test made of it is removed.
inline std::filesystem::path temporary_folder() {
  static FoldersOfThisProcess folders;
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(test->test_suite_name()) + "-" + test->name();
  std::replace(name.begin(), name.end(), '/', '-');
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) /
                                       ("winnow-" + name + "-" + std::to_string(::getpid()));
  folders.insert(folder);
  return folder;
}

}  // namespace winnow::testing_support
