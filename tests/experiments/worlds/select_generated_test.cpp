// The commands on a generated pool, and the oracle on a pool of files.

#include "experiments/program_runner.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::expect_config_error;
using testing_support::Outcome;

class GeneratedPoolCommands : public testing_support::ProgramTest {
 protected:
  std::string path(const std::string& name) const { return "'" + (folder_ / name).string() + "'"; }
};

TEST_F(GeneratedPoolCommands, MeasureSelectAndExport) {
  const std::string pool = "pool=micro_world world.questions=200 --results " + path("results");
  const Outcome measured =
      run("measure " + pool + " +descriptors.answer_group.type=answer_group output=" + path("m"));
  ASSERT_EQ(measured.status, 0) << measured.err;
  EXPECT_THAT(measured.out, HasSubstr("200 rows, 1 columns; 4 stages computed"));
  const Outcome selected =
      run("select " + pool + " selector=oracle selector.budget=10 output=" + path("s"));
  ASSERT_EQ(selected.status, 0) << selected.err;
  const Outcome exported =
      run("export " + pool + " export=llava selection=" + path("s") + " output=" + path("e"));
  ASSERT_EQ(exported.status, 0) << exported.err;
  EXPECT_EQ(run("pool check --maximum-bad-share 0 " + path("e/train.json")).status, 0);
}

TEST_F(GeneratedPoolCommands, TheOracleWantsLabels) {
  write_file(folder_ / "mine.jsonl",
             "{\"id\":\"1\",\"messages\":[{\"role\":\"user\",\"content\":\"q\"},"
             "{\"role\":\"assistant\",\"content\":\"a\"}]}\n");
  expect_config_error(run("select selector=oracle selector.budget=1 output=" + path("out") +
                          " pool.files=[" + path("mine.jsonl") + "]"),
                      HasSubstr("pool.labels=FILE"));
}

}  // namespace
}  // namespace winnow
