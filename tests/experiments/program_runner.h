#pragma once
// Runs the built program as a user does.

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/files.h"

namespace winnow::testing_support {

struct Outcome {
  int status = -1;
  std::string out, err;
};

class ProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("program-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Arguments are one shell line, so that quotes read as they are typed.
  std::string line(const std::string& arguments) const {
    return "'" WINNOW_PROGRAM "' " + arguments + " >'" + (folder_ / "out").string() + "' 2>'" +
           (folder_ / "err").string() + "'";
  }
  Outcome run(const std::string& arguments) const {
    const int status = std::system(line(arguments).c_str());
    return {WEXITSTATUS(status), read_file(folder_ / "out"), read_file(folder_ / "err")};
  }
  void write_config(const std::string& name, const std::string& text) const {
    write_file(folder_ / "configs" / (name + ".toml"), text);
  }
  std::string with_configs() const {
    return " --config-dir '" + (folder_ / "configs").string() + "'";
  }

  std::filesystem::path folder_;
};

inline void expect_config_error(const Outcome& outcome,
                                const testing::Matcher<std::string>& message) {
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, testing::StartsWith("error: "));
  EXPECT_THAT(outcome.err, message);
  EXPECT_THAT(outcome.out, testing::IsEmpty());
}

}  // namespace winnow::testing_support
