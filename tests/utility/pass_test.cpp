#include "utility/pass.h"

#include <gmock/gmock.h>

#include <set>

#include "core/parallel.h"
#include "support.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

using test::make_utility;
using testing::ElementsAre;
using testing::HasSubstr;

class Pass : public testing::Test {
 protected:
  Pass() { Progress::set_enabled(false); }
  ~Pass() override {
    set_worker_count(0);
    std::filesystem::remove_all(folder_);
  }

  UtilityPass pass(std::int64_t batch_size = 3, double failed_share = 0.0, bool retry = false) {
    std::map<std::string, std::unique_ptr<UtilityEstimator>> estimators;
    for (const char* name : {"forward_mode", "one_step", "loss"}) {
      estimators[name] = make_utility(name);
    }
    return {std::move(estimators), {{4, failed_share, retry}, batch_size}};
  }
  UtilityPassResult run(const UtilityPass& what, std::function<void(const Sample&)> before = {}) {
    const auto visual = [&](const Sample& sample, VisionLanguageModel& model) {
      if (before) before(sample);
      return test::noise_visual(sample, model);
    };
    const Pool pool(samples_);
    return what.run({pool, *model_, visual, anchors_, 3, journal_});
  }
  static std::vector<double> column(const UtilityPassResult& result, const std::string& name) {
    const auto& values = result.table.column(name).values;
    return {values.begin(), values.end()};
  }

  const std::filesystem::path folder_ = testing_support::temporary_folder();
  std::unique_ptr<micro::MicroModel> model_ = testing_support::tiny_model();
  std::vector<Sample> samples_ = test::micro_samples(14);
  std::vector<AnchorSet> anchors_ = {test::micro_anchors(*model_, 4, "first"),
                                     test::micro_anchors(*model_, 6, "second")};
  std::filesystem::path journal_;
};

TEST_F(Pass, FillsAColumnForEachEstimatorAndAnchorSet) {
  const UtilityPass what = pass();
  EXPECT_THAT(what.columns({"first", "second"}),
              ElementsAre("forward_mode.first", "forward_mode.second", "loss", "one_step.first",
                          "one_step.second"));
  EXPECT_THAT(what.columns({"first"}), ElementsAre("forward_mode", "loss", "one_step"));
  const UtilityPassResult result = run(what);
  EXPECT_TRUE(result.failures.empty());
  const auto batch = test::micro_inputs(*model_, samples_);
  for (const std::size_t set : {0, 1}) {
    const auto expected =
        test::scores(*model_, *make_utility("forward_mode"), {anchors_[set]}, batch);
    const auto found = column(result, "forward_mode." + anchors_[set].name);
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-7);
  }
  EXPECT_GT(result.costs.at("one_step").flops, result.costs.at("forward_mode").flops);
  EXPECT_GT(result.costs.at("forward_mode").flops, result.costs.at("loss").flops);
}

TEST_F(Pass, GoesOnWhereAnInterruptedOneStopped) {
  const UtilityPass what = pass();
  const UtilityPassResult whole = run(what);
  journal_ = folder_ / "journal";
  set_worker_count(1);
  EXPECT_THROW(run(what,
                   [](const Sample& sample) {
                     if (sample.id == "s6") throw std::runtime_error("power failure");
                   }),
               std::runtime_error);
  set_worker_count(0);
  std::size_t seen = 0;
  const UtilityPassResult resumed = run(what, [&](const Sample&) { ++seen; });
  EXPECT_EQ(resumed.resumed_rows, 8U);
  EXPECT_GT(resumed.earlier_cpu_seconds, 0.0);
  EXPECT_LT(seen, samples_.size());
  for (const std::string& name : whole.table.column_names()) {
    EXPECT_EQ(column(resumed, name), column(whole, name)) << name;
  }
  EXPECT_EQ(resumed.costs.at("one_step").flops, whole.costs.at("one_step").flops);
}

TEST_F(Pass, DropsAJournalOfAnotherPass) {
  journal_ = folder_ / "journal";
  run(pass());
  EXPECT_EQ(run(pass()).resumed_rows, samples_.size());
  EXPECT_EQ(run(pass(2)).resumed_rows, 0U);
  EXPECT_EQ(run(pass(2)).resumed_rows, samples_.size());
  anchors_.pop_back();
  EXPECT_EQ(run(pass(2)).resumed_rows, 0U);
}

TEST_F(Pass, MeasuresTheWantedRowsAlone) {
  const auto visual = test::noise_visual;
  const UtilityPass what = pass();
  const Pool pool(samples_);
  UtilityPassRequest request{pool, *model_, visual, anchors_, 3};
  request.rows = std::vector<std::size_t>{9, 2, 5, 12, 3};
  const UtilityPassResult some = what.run(request);
  const UtilityPassResult all =
      what.run({pool.subset(*request.rows), *model_, visual, anchors_, 3});
  for (const std::string& name : all.table.column_names()) {
    const Column& column = some.table.column(name);
    ASSERT_EQ(column.size(), samples_.size());
    for (std::size_t i = 0; i < request.rows->size(); ++i) {
      EXPECT_EQ(column.values((*request.rows)[i]), all.table.column(name).values(i)) << name;
    }
    EXPECT_EQ(column.states(0), static_cast<std::uint8_t>(CellState::missing));
  }
  EXPECT_EQ(some.costs.at("one_step").flops, all.costs.at("one_step").flops);
}

TEST_F(Pass, StopsWhenTooMuchFails) {
  try {
    run(pass(), [](const Sample&) { throw DataError("no such file"); });
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no such file"));
    EXPECT_THAT(error.what(), HasSubstr("maximum_failed_share"));
  }
}

TEST_F(Pass, RetriesFailuresWhenAsked) {
  const UtilityPassResult expected = run(pass());
  journal_ = folder_ / "journal";
  const auto absent = [](const Sample& sample) {
    if (sample.id == "s6") throw DataError("no such file");
  };
  set_worker_count(1);
  EXPECT_THROW(run(pass(), absent), DataError);
  // The journal knows the failure: without the option the pass stops again, cause or no cause.
  EXPECT_THROW(run(pass()), DataError);
  ASSERT_EQ(run(pass(3, 0.5), absent).failures.size(), 1U);
  EXPECT_EQ(run(pass(3, 0.5)).failures.size(), 1U);

  std::set<std::string> seen;
  const UtilityPassResult repaired =
      run(pass(3, 0.0, true), [&](const Sample& sample) { seen.insert(sample.id); });
  set_worker_count(0);
  EXPECT_TRUE(repaired.failures.empty());
  EXPECT_EQ(repaired.resumed_rows, samples_.size() - 4);
  // Those with a medium in the failed sample's chunk.
  EXPECT_THAT(seen, ElementsAre("s4", "s6", "s7"));
  for (const std::string& name : expected.table.column_names()) {
    EXPECT_EQ(column(repaired, name), column(expected, name)) << name;
  }
  EXPECT_EQ(repaired.costs.at("one_step").flops, expected.costs.at("one_step").flops);
  // The repaired version counts from now on.
  EXPECT_TRUE(run(pass()).failures.empty());
}

TEST_F(Pass, IsMadeFromAConfigTable) {
  config::Value one;
  one.set("type", test::value_of("forward_mode"));
  EXPECT_THAT(UtilityPass::from_config(one, "utility", {}).columns({"x"}), ElementsAre("utility"));
  config::Value several;
  several.set("quick", one);
  EXPECT_THAT(UtilityPass::from_config(several, "estimators", {}).columns({"x", "y"}),
              ElementsAre("quick.x", "quick.y"));
  one.set("etta", test::value_of(0.1));
  try {
    UtilityPass::from_config(one, "utility", {});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("utility.etta"));
    EXPECT_THAT(error.what(), HasSubstr("'eta'"));
  }
}

}  // namespace
}  // namespace winnow
