#include "experiments/comparison/selector_table.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(SelectorTable, AnOptionMayBeCalledAsItsSelectorIs) {
  const config::Origin origin{"test.toml", 3};
  config::Value given;
  given.set("type", {std::string("temporal_share"), origin});
  given.set("temporal_share", {0.25, origin});
  for (const ForeignOptions foreign : {ForeignOptions::any, ForeignOptions::of_the_same_files}) {
    const config::Value table = selector_table(given, foreign);
    ASSERT_NE(table.child("temporal_share"), nullptr);
    EXPECT_EQ(table.at("temporal_share").number(), 0.25);
  }
}

TEST(SelectorTable, AWordToASelectorStandsBelowWhatIsSetDirectly) {
  const config::Origin origin{"test.toml", 3};
  config::Value given;
  given.set("type", {std::string("uniform"), origin});
  given.set("budget", {std::int64_t{5}, origin});
  given.set("uniform.budget", {std::int64_t{7}, origin});
  given.set("uniform.multiple", {std::int64_t{2}, origin});
  const config::Value table = selector_table(given, ForeignOptions::any);
  EXPECT_EQ(table.at("budget").integer(), 5);
  EXPECT_EQ(table.at("multiple").integer(), 2);
  EXPECT_EQ(table.child("uniform"), nullptr);
}

}  // namespace
}  // namespace winnow
