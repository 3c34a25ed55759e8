#include "experiments/program/doctor.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>

#include "core/openblas.h"
#include "experiments/program/doctor_arithmetic.h"
#include "experiments/program_runner.h"

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

TEST(ArithmeticSpeed, IsMeasuredAndLeavesTheThreadsAlone) {
  at::set_num_threads(2);
  const ArithmeticSpeed speed = measure_arithmetic_speed();
  EXPECT_EQ(at::get_num_threads(), 2);
  EXPECT_GT(speed.product, 0.5);
  ASSERT_TRUE(speed.peak.has_value());  // these tests are compiled for processors with AVX2
  // No product is faster than its multiply-adds; the clock may change between the two by a little.
  EXPECT_LT(*speed.share(), 1.1);
}

TEST(Doctor, NamesEveryPartOfThePlatform) {
  const Report report = doctor();
  for (const char* part : {"cores ", "memory ", "disk ", "threads ", "LibTorch ", "BLAS ",
                           "kernel ", "matmul ", "peak ", "OpenCV ", "FAISS ", "gnuplot "}) {
    EXPECT_THAT(report.text, HasSubstr(part));
  }
  EXPECT_THAT(report.text, HasSubstr("MP4 written and read back: mp4v"));
  EXPECT_THAT(report.text, HasSubstr("nearest neighbour right"));
  EXPECT_THAT(report.text, HasSubstr("products right"));
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

constexpr Processor skylake_server{Vendor::intel, VectorUnit::avx512};

BlasKernel kernel_of(BlasKernel::Choice choice, const std::string& core) {
  BlasKernel kernel;
  kernel.choice = choice;
  kernel.core = kernel.first_core = core;
  if (core != "SkylakeX") kernel.better = "SkylakeX";
  return kernel;
}

Arithmetic reaching(double share) {
  return {skylake_server,
          "/usr/lib/openblas-pthread/libblas.so.3",
          kernel_of(BlasKernel::Choice::library, "SkylakeX"),
          {.product = 200 * share, .peak = 200}};
}

TEST(SlowProducts, AreThoseBelowAThirdOfThePeak) {
  EXPECT_EQ(slow_product_advice(reaching(0.34)), "");
  EXPECT_THAT(slow_product_advice(reaching(0.32)),
              AllOf(HasSubstr("32 % of what the processor can do"), HasSubstr("quiet")));
}

TEST(SlowProducts, OfAnotherBlasNeedAPackage) {
  Arithmetic found = reaching(0.04);
  found.kernel = {};
  found.library = "/usr/lib/blas/libblas.so.3";
  EXPECT_THAT(slow_product_advice(found),
              AllOf(HasSubstr("/usr/lib/blas/libblas.so.3"), HasSubstr("libopenblas0-pthread"),
                    Not(HasSubstr("OPENBLAS_CORETYPE"))));
  found.speed.product = 150;
  EXPECT_EQ(slow_product_advice(found), "");
}

TEST(SlowProducts, OfAnUnknownProcessorNeedAVariable) {
  Arithmetic found = reaching(0.1);
  found.kernel = kernel_of(BlasKernel::Choice::library, "Prescott");
  EXPECT_THAT(slow_product_advice(found),
              AllOf(HasSubstr("OPENBLAS_CORETYPE=SkylakeX"), Not(HasSubstr("libopenblas0"))));
  found.kernel.wrong_results = true;
  EXPECT_THAT(slow_product_advice(found),
              AllOf(HasSubstr("multiply wrongly"), Not(HasSubstr("OPENBLAS_CORETYPE"))));
}

TEST(SlowProducts, OfTheUsersChoiceAreTheUsers) {
  const WithVariable variable("OPENBLAS_CORETYPE", "haswell");
  Arithmetic found = reaching(0.4);  // slower than need be, though above a third
  found.kernel = kernel_of(BlasKernel::Choice::user, "Haswell");
  EXPECT_THAT(slow_product_advice(found),
              AllOf(HasSubstr("OPENBLAS_CORETYPE=haswell is your choice"),
                    HasSubstr("set it to SkylakeX")));
}

TEST(SlowProducts, OfALibraryWithoutTheKernelsNeedAnother) {
  Arithmetic found = reaching(0.1);
  found.kernel = kernel_of(BlasKernel::Choice::library, "Nehalem");
  found.kernel.better.clear();
  EXPECT_THAT(slow_product_advice(found),
              AllOf(HasSubstr("without kernels for AVX-512"), HasSubstr("libopenblas0-pthread")));
}

class DoctorProgram : public testing_support::ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (!OpenBlas::loaded().has_core("Prescott")) {
      GTEST_SKIP() << "LibTorch has no OpenBLAS with kernels to choose from here";
    }
  }
  // With `assignments` added to the environment.
  std::string doctor(const std::string& assignments) const {
    const std::string command = "env -u OPENBLAS_CORETYPE " + assignments + " " +
                                line("doctor --results '" + folder_.string() + "'");
    EXPECT_NE(std::system(command.c_str()), -1);
    return read_file(folder_ / "out");
  }
};

TEST_F(DoctorProgram, RunsWithTheRightKernelOnAnUnknownProcessor) {
  // By a link: the loader takes a space in LD_PRELOAD for the end of a name.
  const std::filesystem::path fault = folder_ / "unknown_processor.so";
  std::filesystem::create_symlink(WINNOW_TEST_PROGRAMS "/unknown_processor.so", fault);
  const std::string report = doctor("LD_PRELOAD=" + fault.string() +
                                    " ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0");
  EXPECT_THAT(report, AllOf(HasSubstr("(chosen by winnow, the library took Prescott)"),
                            HasSubstr("products right"), Not(HasSubstr("OPENBLAS_CORETYPE"))));
}

TEST_F(DoctorProgram, SaysThatTheUserChoseASlowKernel) {
  EXPECT_THAT(doctor("OPENBLAS_CORETYPE=Prescott"),
              AllOf(HasSubstr("kernel      Prescott (OPENBLAS_CORETYPE is set)"),
                    HasSubstr("OPENBLAS_CORETYPE=Prescott is your choice"),
                    Not(HasSubstr("nothing is slow"))));
}

}  // namespace
}  // namespace winnow
