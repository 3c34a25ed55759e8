#include "core/blas_kernel.h"

#include <dlfcn.h>
#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>
#include <vector>

#include "core/blas_self_test.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Choice = BlasKernel::Choice;

constexpr InstructionSets nehalem{};
constexpr InstructionSets ivy_bridge{.avx = true};
constexpr InstructionSets haswell{.avx = true, .avx2 = true, .fma = true};
constexpr InstructionSets knights_landing{
    .avx = true, .avx2 = true, .fma = true, .avx512f = true, .avx512cd = true};
constexpr InstructionSets skylake_server{.avx = true,
                                         .avx2 = true,
                                         .fma = true,
                                         .avx512f = true,
                                         .avx512dq = true,
                                         .avx512bw = true,
                                         .avx512vl = true,
                                         .avx512cd = true};

struct Machine {
  const char* name;
  Vendor vendor;
  InstructionSets sets;
  const char* picked;  // by OpenBLAS 0.3.21, if nothing else is said
  const char* better;  // what winnow takes instead, "" when it leaves the choice alone
};

std::ostream& operator<<(std::ostream& out, const Machine& machine) { return out << machine.name; }

class BetterCore : public ::testing::TestWithParam<Machine> {};

TEST_P(BetterCore, IsTheWidestThatTheProcessorHas) {
  const Machine& machine = GetParam();
  const Processor processor{machine.vendor, vector_unit(machine.sets)};
  const auto has_all = [](const std::string&) { return true; };
  EXPECT_EQ(better_core(machine.picked, processor, has_all), machine.better);
}

INSTANTIATE_TEST_SUITE_P(
    Machines, BetterCore,
    ::testing::Values(
        // Not known to it: Intel's extended models from 11 on fall through to the Pentium 4.
        Machine{"emerald_rapids_207", Vendor::intel, skylake_server, "Prescott", "SkylakeX"},
        Machine{"raptor_lake_183", Vendor::intel, haswell, "Prescott", "Haswell"},
        Machine{"model_207_without_avx2", Vendor::intel, ivy_bridge, "Prescott", "Sandybridge"},
        Machine{"model_207_without_avx", Vendor::intel, nehalem, "Prescott", ""},
        Machine{"amd_family_6_of_an_emulator", Vendor::amd, haswell, "Opteron", "Zen"},
        // Not known to it, but chosen by their flags as they should.
        Machine{"granite_rapids_173", Vendor::intel, skylake_server, "Cooperlake", ""},
        Machine{"zen_5", Vendor::amd, skylake_server, "Cooperlake", ""},
        Machine{"zen_5_without_avx512", Vendor::amd, haswell, "Haswell", ""},
        // Known to it.
        Machine{"sapphire_rapids_143", Vendor::intel, skylake_server, "Cooperlake", ""},
        Machine{"skylake_server_85", Vendor::intel, skylake_server, "SkylakeX", ""},
        Machine{"knights_landing_87", Vendor::intel, knights_landing, "Haswell", ""},
        Machine{"alder_lake_151", Vendor::intel, haswell, "Haswell", ""},
        Machine{"broadwell_79", Vendor::intel, haswell, "Haswell", ""},
        Machine{"ivy_bridge_62", Vendor::intel, ivy_bridge, "Sandybridge", ""},
        Machine{"westmere_44", Vendor::intel, nehalem, "Nehalem", ""},
        Machine{"zen_4", Vendor::amd, skylake_server, "Cooperlake", ""},
        Machine{"zen_2", Vendor::amd, haswell, "Zen", ""},
        Machine{"hygon_dhyana", Vendor::other, haswell, "Zen", ""},
        Machine{"excavator", Vendor::amd, haswell, "Excavator", ""},
        // Of other libraries.
        Machine{"zen_4_taken_for_a_zen", Vendor::amd, skylake_server, "Zen", "SkylakeX"},
        Machine{"hygon_taken_for_a_barcelona", Vendor::other, haswell, "Barcelona", "Haswell"},
        Machine{"a_core_of_a_later_library", Vendor::intel, skylake_server, "DiamondRapids", ""},
        Machine{"a_processor_that_is_no_x86", Vendor::other, nehalem, "NEOVERSEN1", ""}),
    [](const auto& machine) { return std::string(machine.param.name); });

TEST(BetterCoreOfALibrary, IsOneThatItHas) {
  const Processor processor{Vendor::intel, VectorUnit::avx512};
  const auto has = [](const std::set<std::string>& names) {
    return [names](const std::string& core) { return names.contains(core); };
  };
  EXPECT_EQ(better_core("Prescott", processor, has({"Haswell", "Sandybridge"})), "Haswell");
  EXPECT_EQ(better_core("Prescott", processor, has({"Nehalem"})), "");
  EXPECT_EQ(better_core("Haswell", processor, has({"Haswell", "Zen"})), "");
}

TEST(VectorUnits, NeedAllOfTheirInstructions) {
  EXPECT_EQ(vector_unit(nehalem), VectorUnit::sse);
  EXPECT_EQ(vector_unit(ivy_bridge), VectorUnit::avx);
  EXPECT_EQ(vector_unit({.avx = true, .avx2 = true}), VectorUnit::avx);
  EXPECT_EQ(vector_unit(haswell), VectorUnit::avx2);
  EXPECT_EQ(vector_unit(knights_landing), VectorUnit::avx2);
  EXPECT_EQ(vector_unit(skylake_server), VectorUnit::avx512);
}

// An environment without OPENBLAS_CORETYPE, and the library's choice as it was before.
class SettledKernel : public ::testing::Test {
 protected:
  void SetUp() override {
    // Made global, so that it is found as if it had been linked.
    if (::dlopen("libopenblas.so.0", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
      GTEST_SKIP() << "there is no libopenblas.so.0 here";
    }
    ::unsetenv("OPENBLAS_CORETYPE");
    blas_ = OpenBlas::loaded();
    ASSERT_TRUE(blas_.present());
    own_choice_ = blas_.core();
    if (!blas_.choose_core("Prescott")) {
      GTEST_SKIP() << "this OpenBLAS has kernels for one core alone: " << blas_.config();
    }
    // At least Haswell, as the program itself is compiled for it.
    expected_ = better_core("Prescott", this_processor(),
                            [&](const std::string& core) { return blas_.has_core(core); });
  }
  void TearDown() override {
    ::unsetenv("OPENBLAS_CORETYPE");
    if (blas_.present()) blas_.choose_core("");
  }

  OpenBlas blas_;
  std::string own_choice_, expected_;
};

TEST_F(SettledKernel, TakesThePlaceOfAPoorOne) {
  EXPECT_EQ(blas_.core(), "Prescott");
  const BlasKernel kernel = settle_blas_kernel(blas_, this_processor(), blas_multiplies_rightly);
  EXPECT_EQ(kernel.choice, Choice::winnow);
  EXPECT_EQ(kernel.core, expected_);
  EXPECT_EQ(blas_.core(), expected_);
  EXPECT_THAT(blas_.config(), HasSubstr(expected_));
  EXPECT_EQ(kernel.first_core, "Prescott");
  EXPECT_EQ(kernel.better, "");
  EXPECT_EQ(std::getenv("OPENBLAS_CORETYPE"), nullptr);
  EXPECT_EQ(describe(kernel), expected_ + " (chosen by winnow, the library took Prescott)");
}

TEST_F(SettledKernel, GivesWayWhenItsResultsAreWrong) {
  std::string tested;
  const BlasKernel kernel = settle_blas_kernel(blas_, this_processor(), [&] {
    tested = blas_.core();
    return false;
  });
  EXPECT_EQ(tested, expected_);
  EXPECT_EQ(blas_.core(), own_choice_);
  EXPECT_EQ(kernel.choice, Choice::library);
  EXPECT_EQ(kernel.better, expected_);
  EXPECT_TRUE(kernel.wrong_results);
}

TEST_F(SettledKernel, IsTheUsersWhoChoseOne) {
  ::setenv("OPENBLAS_CORETYPE", "prescott", 1);
  const BlasKernel kernel = settle_blas_kernel(blas_, this_processor(), [] {
    ADD_FAILURE() << "there is nothing to test";
    return true;
  });
  EXPECT_EQ(kernel.choice, Choice::user);
  EXPECT_EQ(kernel.core, "Prescott");
  EXPECT_EQ(kernel.better, expected_);
  EXPECT_EQ(blas_.core(), "Prescott");
  EXPECT_STREQ(std::getenv("OPENBLAS_CORETYPE"), "prescott");
}

TEST_F(SettledKernel, LeavesARightOneAlone) {
  ASSERT_TRUE(blas_.choose_core(expected_));
  const BlasKernel kernel = settle_blas_kernel(blas_, this_processor(), [] {
    ADD_FAILURE() << "there is nothing to test";
    return true;
  });
  EXPECT_EQ(kernel.choice, Choice::library);
  EXPECT_EQ(kernel.core, expected_);
  EXPECT_EQ(describe(kernel), expected_);
}

TEST_F(SettledKernel, MultipliesRightlyWithEveryCoreOfThisProcessor) {
  for (const char* core : {"Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX"}) {
    if (vector_unit_of_core(core) > this_processor().vectors || !blas_.has_core(core)) continue;
    ASSERT_TRUE(blas_.choose_core(core));
    EXPECT_TRUE(blas_multiplies_rightly()) << core;
  }
}

TEST(ChosenCore, IsNoneThatTheLibraryLacks) {
  if (::dlopen("libopenblas.so.0", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    GTEST_SKIP() << "there is no libopenblas.so.0 here";
  }
  const OpenBlas blas = OpenBlas::loaded();
  const std::string before = blas.core();
  EXPECT_TRUE(blas.has_core(before));
  EXPECT_FALSE(blas.has_core("Pentium"));
  EXPECT_FALSE(blas.choose_core("Pentium"));
  blas.choose_core(before);
  EXPECT_EQ(blas.core(), before);
}

// Lines of a program that is started with `assignments` as its whole environment.
std::vector<std::string> lines_of_program(const std::string& assignments) {
  const std::string command =
      "env -i " + assignments + " '" WINNOW_TEST_PROGRAMS "/print_blas_core'";
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

constexpr const char* preloaded_blas = "libopenblas.so.0";
// Sanitizers want to be loaded first.
constexpr const char* quiet = "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0";

TEST(ProgramThatLinksCore, StartsWithTheRightKernels) {
  if (::dlopen(preloaded_blas, RTLD_NOW | RTLD_LOCAL) == nullptr) {
    GTEST_SKIP() << "there is no libopenblas.so.0 here";
  }
  const std::string fault = WINNOW_TEST_PROGRAMS "/unknown_processor.so";
  const std::string preload = "LD_PRELOAD=" + fault + ":" + preloaded_blas;
  const auto lines = lines_of_program(std::string(quiet) + " '" + preload + "' A='b c'");
  const auto widest = [](const std::string&) { return true; };
  EXPECT_THAT(lines, ElementsAre(better_core("Prescott", this_processor(), widest), quiet, preload,
                                 "A=b c"));
}

TEST(ProgramThatLinksCore, KeepsTheUsersKernels) {
  if (::dlopen(preloaded_blas, RTLD_NOW | RTLD_LOCAL) == nullptr) {
    GTEST_SKIP() << "there is no libopenblas.so.0 here";
  }
  const std::string preload = std::string("LD_PRELOAD=") + preloaded_blas;
  const auto lines =
      lines_of_program(std::string(quiet) + " " + preload + " OPENBLAS_CORETYPE=Nehalem");
  EXPECT_THAT(lines, ElementsAre("Nehalem", quiet, preload, "OPENBLAS_CORETYPE=Nehalem"));
}

TEST(ProgramThatLinksCore, RunsWithoutOpenBlas) {
  EXPECT_THAT(lines_of_program("A=1"), ElementsAre("none", "A=1"));
}

}  // namespace
}  // namespace winnow
