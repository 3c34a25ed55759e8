#pragma once
// A folder for the files of the running test: tests run side by side, each in a process of its own.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

namespace winnow::testing_support {

inline std::filesystem::path temporary_folder() {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(test->test_suite_name()) + "-" + test->name();
  std::replace(name.begin(), name.end(), '/', '-');
  return std::filesystem::path(::testing::TempDir()) /
         ("winnow-" + name + "-" + std::to_string(::getpid()));
}

}  // namespace winnow::testing_support
