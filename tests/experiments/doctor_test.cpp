#include "experiments/program/doctor.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>

namespace winnow {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// An environment variable for one test.
class WithVariable {
 public:
  WithVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~WithVariable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

struct Report {
  int status;
  std::string text;
};

Report doctor() {
  std::ostringstream out;
  const int status = run_doctor(out, testing::TempDir() + "/results/of/nothing");
  return {status, out.str()};
}

TEST(Doctor, MeasuresMatmulAndLeavesTheThreadsAlone) {
  at::set_num_threads(2);
  EXPECT_GT(measure_matmul_gflops(), 0.5);
  EXPECT_EQ(at::get_num_threads(), 2);
}

TEST(Doctor, NamesEveryPartOfThePlatform) {
  const Report report = doctor();
  for (const char* part : {"cores ", "memory ", "disk ", "threads ", "LibTorch ", "BLAS ",
                           "matmul ", "OpenCV ", "FAISS ", "gnuplot "}) {
    EXPECT_THAT(report.text, HasSubstr(part));
  }
  EXPECT_THAT(report.text, HasSubstr("MP4 written and read back: mp4v"));
  EXPECT_THAT(report.text, HasSubstr("nearest neighbour right"));
}

TEST(Doctor, AMissingGnuplotIsNamedAndFails) {
  const WithVariable path("PATH", "/nonexistent");
  const Report report = doctor();
  EXPECT_EQ(report.status, 1);
  EXPECT_THAT(report.text, AllOf(HasSubstr("gnuplot     not found"), HasSubstr("gnuplot-nox")));
}

TEST(Doctor, AMissingTemporaryFolderIsNamedAndFails) {
  const WithVariable temporary("TMPDIR", "/nonexistent");
  const Report report = doctor();
  EXPECT_EQ(report.status, 1);
  EXPECT_THAT(report.text, AllOf(HasSubstr("TMPDIR"), Not(HasSubstr("OpenCV cannot"))));
}

TEST(Doctor, AResultsFolderThatCannotBeWrittenIsNamedAndFails) {
  std::ostringstream out;
  EXPECT_EQ(run_doctor(out, "/proc/results"), 1);
  EXPECT_THAT(out.str(), HasSubstr("nothing can be written to /proc ("));
}

TEST(Doctor, LeavesNothingInTheTemporaryFolder) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "doctor_leaves_nothing";
  std::filesystem::create_directories(folder);
  const WithVariable temporary("TMPDIR", folder.string());
  doctor();
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace winnow
