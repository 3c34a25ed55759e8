// A build without the room worlds: a user's own data go through everything (own_data_test.cpp), and
// who asks for a generated pool learns how to get it.

#include <gmock/gmock.h>

#include "experiments/program_runner.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing_support::expect_config_error;

class WithoutWorlds : public testing_support::ProgramTest {};

TEST_F(WithoutWorlds, AskingForAGeneratedPoolNamesTheOption) {
  const auto names_option = HasSubstr("-DWINNOW_WORLDS=ON");
  expect_config_error(run("run experiment=table1 scale=smoke"), names_option);
  expect_config_error(run("measure pool=micro_world descriptors=gdo output=x"), names_option);
  EXPECT_THAT(run("list pool").out, Not(HasSubstr("micro_world  ")));
}

}  // namespace
}  // namespace winnow
