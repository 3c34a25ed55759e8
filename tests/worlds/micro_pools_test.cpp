#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/compose.h"
#include "core/progress.h"
#include "pool/pool_source.h"
#include "pool/temporary_folder.h"
#include "worlds/micro_world.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class MicroPools : public testing::TestWithParam<const char*> {
 protected:
  MicroPools() { Progress::set_enabled(false); }
  // As configs/pool has it, of two hundred questions.
  static std::unique_ptr<PoolSource> source() {
    const config::Value config =
        config::compose({{fs::path(WINNOW_SOURCE_DIR) / "configs"},
                         "measure",
                         {std::string("pool=") + GetParam(), "++world.questions=200",
                          "++world.questions_per_benchmark=20"}});
    return pools().create(config.at("pool"), "pool");
  }
  const TemporaryFolder folder_;
};

TEST_P(MicroPools, AreMadeFromTheirSeedAndReadWithTheirLabels) {
  const auto pool_source = source();
  for (const char* name : {"a", "b", "c"}) fs::create_directories(folder_ / name);
  pool_source->make(7, folder_ / "a");
  source()->make(7, folder_ / "b");
  pool_source->make(8, folder_ / "c");
  const Pool pool = pool_source->open(folder_ / "a");
  EXPECT_EQ(pool.size(), 200U);
  EXPECT_TRUE(pool.ledger().empty());
  EXPECT_EQ(pool_source->open(folder_ / "b").digest(), pool.digest());
  EXPECT_NE(pool_source->open(folder_ / "c").digest(), pool.digest());
  ASSERT_TRUE(pool_source->labels(folder_ / "a"));
  const auto labels = micro_world::read_hidden_labels(*pool_source->labels(folder_ / "a"));
  ASSERT_EQ(labels.size(), 200U);
  for (const auto& label : labels) EXPECT_TRUE(pool.rows().find(label.id)) << label.id;
}

TEST_P(MicroPools, IdentityIsOfOptionsAndSeed) {
  const std::string first = source()->identity(7).to_json();
  EXPECT_EQ(source()->identity(7).to_json(), first);
  EXPECT_NE(source()->identity(8).to_json(), first);
  EXPECT_THAT(first, testing::HasSubstr(std::string("\"type\":\"") + GetParam() + "\""));
  EXPECT_THAT(first, testing::Not(testing::HasSubstr("benchmark")));
}

INSTANTIATE_TEST_SUITE_P(All, MicroPools, testing::Values("micro_world", "micro_reasoning"),
                         [](const auto& type) { return std::string(type.param); });

}  // namespace
}  // namespace winnow
