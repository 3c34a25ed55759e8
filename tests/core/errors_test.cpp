#include "core/errors.h"

#include <gmock/gmock.h>

#include "core/logging.h"
#include "core/registry.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

TEST(NearestName, IsTheSmallestEditDistance) {
  const std::vector<std::string> names = {"perplexity", "coverage", "optical_flow"};
  EXPECT_EQ(nearest_name("perplexty", names), "perplexity");
  EXPECT_EQ(nearest_name("opticalflow", names), "optical_flow");
  EXPECT_EQ(nearest_name("coverage", names), "coverage");
  EXPECT_EQ(nearest_name("lr", {"lra", "lr"}), "lr");
}

TEST(NearestName, IsEmptyWhenNothingIsWithinAThirdOfTheLongerWord) {
  EXPECT_EQ(nearest_name("banana", {"perplexity", "coverage"}), "");
  EXPECT_EQ(nearest_name("abcxyz", {"abcdef"}), "");        // 3 of 6
  EXPECT_EQ(nearest_name("abcdxy", {"abcdef"}), "abcdef");  // 2 of 6
  EXPECT_EQ(nearest_name("anything", {}), "");
}

TEST(Suggestion, NamesTheNearestOrAllOrNothing) {
  EXPECT_EQ(suggestion("unifrom", {"uniform", "gdo"}), " Did you mean 'uniform'?");
  EXPECT_EQ(suggestion("something", {"uniform", "gdo"}), " Known: uniform, gdo.");
  EXPECT_EQ(suggestion("something", {}), "");
}

TEST(ExitStatus, IsTwoForAConfigurationAlone) {
  EXPECT_EQ(ConfigError("").exit_status(), 2);
  EXPECT_EQ(DataError("").exit_status(), 1);
  EXPECT_EQ(IoError("").exit_status(), 1);
  EXPECT_EQ(ConstraintError("").exit_status(), 1);
}

TEST(RegistryOfNames, RefusesASecondClaimAndKeepsTheFirst) {
  Registry<int> registry("selector");
  registry.add("uniform", 1);
  registry.add("gdo", 2);
  EXPECT_THROW(registry.add("uniform", 3), std::logic_error);
  EXPECT_EQ(registry.at("uniform"), 1);
  EXPECT_EQ(registry.names(), (std::vector<std::string>{"gdo", "uniform"}));
}

TEST(RegistryOfNames, SaysWhatItKnows) {
  Registry<int> registry("selector");
  registry.add("uniform", 1);
  EXPECT_FALSE(registry.contains("unifrom"));
  try {
    registry.at("unifrom");
    FAIL() << "no such selector";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no selector named 'unifrom'"));
    EXPECT_THAT(error.what(), HasSubstr("Did you mean 'uniform'?"));
  }
}

TEST(FormatSeconds, ChangesItsUnitWithTheLength) {
  EXPECT_EQ(format_seconds(0), "0.0 s");
  EXPECT_EQ(format_seconds(0.44), "0.4 s");
  EXPECT_EQ(format_seconds(9.96), "10 s");
  EXPECT_EQ(format_seconds(59.6), "1 min 00 s");
  EXPECT_EQ(format_seconds(185), "3 min 05 s");
  EXPECT_EQ(format_seconds(3599.7), "1 h 00 min");
  EXPECT_EQ(format_seconds(7800), "2 h 10 min");
}

TEST(Logging, RefusesAnUnknownLevel) { EXPECT_THROW(set_up_logging("wraning"), ConfigError); }

}  // namespace
}  // namespace winnow
