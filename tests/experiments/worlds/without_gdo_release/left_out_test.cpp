// A build without the room gdo_release: everything else works, and who asks for it learns how to
// get it.

#include <gmock/gmock.h>

#include "experiments/program_runner.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing_support::expect_config_error;

class WithoutGdoRelease : public testing_support::ProgramTest {};

TEST_F(WithoutGdoRelease, GoalsThatSpeakToItWorkForOthers) {
  EXPECT_EQ(run("config experiment=table1 scale=smoke").status, 0);
  EXPECT_EQ(run("config experiment=goals scale=smoke").status, 0);
  EXPECT_THAT(run("list").out, Not(HasSubstr("gdo_release  ")));
}

TEST_F(WithoutGdoRelease, AskingForItNamesTheOption) {
  const auto names_option = HasSubstr("-DWINNOW_GDO_RELEASE=ON");
  expect_config_error(run("config experiment=ablation scale=smoke"), names_option);
  expect_config_error(run("select selector=gdo_release output=x"), names_option);
  // What the room does not do is there.
  EXPECT_THAT(run("select selector=uniform pool=llava output=x").err, HasSubstr("pool.onevision"));
  EXPECT_EQ(run("merge shards=x output=y").status, 2);
}

}  // namespace
}  // namespace winnow
