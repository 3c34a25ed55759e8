// What every utility estimator must do, checked for each that is registered.

#include <gmock/gmock.h>

#include "config/compose.h"
#include "core/parallel.h"
#include "device_watch.h"
#include "models/qwen3_vl/model_fixture.h"
#include "support.h"

namespace winnow {
namespace {

using test::make_utility;

class UtilityConformance : public testing::TestWithParam<std::string> {
 protected:
  UtilityConformance() { Progress::set_enabled(false); }
  ~UtilityConformance() override { set_worker_count(0); }

  std::unique_ptr<micro::MicroModel> model_ = testing_support::tiny_model();
  std::vector<Sample> samples_ = test::micro_samples(13);
  std::vector<AnchorSet> anchors_ = {test::micro_anchors(*model_, 6)};
  std::unique_ptr<UtilityEstimator> estimator_ = make_utility(GetParam());
  // Rounding in single precision; a difference of losses over a short shift multiplies it.
  double tolerance_ = GetParam() == "finite_difference" || GetParam() == "one_step" ? 2e-2 : 2e-5;

  void expect_equal(const torch::Tensor& values, const torch::Tensor& expected) {
    const double largest = expected.abs().max().item<double>();
    ASSERT_GT(largest, 0.0);
    EXPECT_LE((values - expected).abs().max().item<double>(), tolerance_ * largest);
  }

  UtilityPassResult run(
      const std::vector<Sample>& samples, UtilityPassOptions options,
      const std::function<std::vector<VisualTokens>(const Sample&, VisionLanguageModel&)>& visual =
          test::noise_visual) {
    std::map<std::string, std::unique_ptr<UtilityEstimator>> estimators;
    estimators["utility"] = make_utility(GetParam());
    const UtilityPass pass(std::move(estimators), options);
    const Pool pool(samples);
    return pass.run({pool, *model_, visual, anchors_, 7});
  }
};

TEST_P(UtilityConformance, GivesEverySampleAFiniteNumberThatDiffers) {
  const auto batch = test::micro_inputs(*model_, samples_);
  // The estimator is gone when the scorer works.
  const auto scorer = make_utility(GetParam())->prepare(*model_, anchors_, 7);
  const torch::Tensor values = scorer->score(*model_, batch);
  ASSERT_EQ(values.sizes(), (std::vector<std::int64_t>{13, 1}));
  EXPECT_EQ(values.scalar_type(), torch::kDouble);
  EXPECT_TRUE(values.isfinite().all().item<bool>());
  EXPECT_GT(values.max().item<double>(), values.min().item<double>());
  EXPECT_FALSE(values.requires_grad());
}

TEST_P(UtilityConformance, DoesNotDependOnTheBatch) {
  const auto scorer = estimator_->prepare(*model_, anchors_, 7);
  auto batch = test::micro_inputs(*model_, samples_);
  const torch::Tensor together = scorer->score(*model_, batch);
  torch::Tensor alone = torch::empty_like(together), reversed = torch::empty_like(together);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    alone[static_cast<std::int64_t>(i)] = scorer->score(*model_, {batch[i]})[0];
  }
  std::reverse(batch.begin(), batch.end());
  reversed = scorer->score(*model_, batch).flip(0);
  expect_equal(alone, together);
  expect_equal(reversed, together);
}

TEST_P(UtilityConformance, LeavesTheModelAsItWas) {
  const std::string before = weights_digest(*model_);
  const auto scorer = estimator_->prepare(*model_, anchors_, 7);
  EXPECT_EQ(weights_digest(*model_), before);
  auto batch = test::micro_inputs(*model_, samples_);
  scorer->score(*model_, batch);
  EXPECT_EQ(weights_digest(*model_), before);
  // A sample that the model chokes on: its features have the wrong width.
  batch[0].input.visual[0].tokens = torch::ones({batch[0].input.visual[0].tokens.size(0), 3});
  EXPECT_ANY_THROW(scorer->score(*model_, batch));
  EXPECT_EQ(weights_digest(*model_), before);
  for (const auto& [name, parameter] : model_->named_parameters()) {
    EXPECT_FALSE(parameter.grad().defined()) << name;
    EXPECT_FALSE(parameter._fw_grad(0).defined()) << name;
  }
}

TEST_P(UtilityConformance, StaysOnTheModelsDevice) {
  const testing_support::DeviceWatch watch;
  qwen3_vl::Options options = testing_support::tiny_qwen3_vl_options();
  options.device.device = torch::kMeta;
  const auto model = testing_support::tiny_qwen3_vl(1, options);
  const auto inputs = [&](std::size_t count) {
    const torch::NoGradGuard no_gradients;
    std::vector<ModelInput> result;
    for (std::size_t i = 0; i < count; ++i) {
      result.push_back(testing_support::noise_question(*model, 1, i % 2 == 0 ? "red" : "blue", i));
    }
    return result;
  };
  const std::vector<AnchorSet> anchors = {{"anchors", {"a", "b", "c"}, inputs(3)}};
  std::vector<ModelInput> asked = inputs(2);
  std::vector<UtilityInput> batch;
  for (ModelInput& input : asked) batch.push_back({&samples_[batch.size()], std::move(input)});
  const int before = watch.seen();
  const torch::Tensor values = estimator_->prepare(*model, anchors, 7)->score(*model, batch);
  EXPECT_EQ(values.sizes(), (std::vector<std::int64_t>{2, 1}));
  EXPECT_GT(watch.seen(), before + 50);
  EXPECT_THAT(watch.mixed(), testing::IsEmpty());
}

TEST_P(UtilityConformance, ThePassDoesNotDependOnThreadsOrOrderAndHardlyOnBatches) {
  set_worker_count(1);
  const auto values = [](const UtilityPassResult& result) {
    const Column& column = result.table.column("utility");
    return torch::tensor(std::vector<double>(column.values.begin(), column.values.end()));
  };
  const torch::Tensor one = values(run(samples_, {{3, 0.0}, 4}));
  set_worker_count(4);
  EXPECT_TRUE(torch::equal(values(run(samples_, {{3, 0.0}, 4})), one));
  expect_equal(values(run(samples_, {{100, 0.0}, 1})), one);
  expect_equal(values(run(samples_, {{100, 0.0}, 100})), one);
  // In another order of the samples each still shares its batch with the same ones.
  std::vector<Sample> reversed(samples_.rbegin(), samples_.rend());
  EXPECT_TRUE(torch::equal(values(run(reversed, {{3, 0.0}, 4})).flip(0), one));
}

TEST_P(UtilityConformance, MasksWhatCannotBeScoredWithAReason) {
  const auto visual = [&](const Sample& sample, VisionLanguageModel& model) {
    if (sample.id == "s3") throw DataError("the picture of s3 is torn\nin the middle");
    std::vector<VisualTokens> result = test::noise_visual(sample, model);
    if (sample.id == "s7") result[0].tokens.fill_(NAN);
    return result;
  };
  EXPECT_THROW(run(samples_, {{5, 0.1}, 4}, visual), DataError);
  const UtilityPassResult whole = run(samples_, {{5, 0.0}, 4});
  const UtilityPassResult result = run(samples_, {{5, 0.2}, 4}, visual);
  ASSERT_EQ(result.failures.size(), 2U);
  EXPECT_EQ(result.failures[0].reason, "the picture of s3 is torn");
  EXPECT_EQ(result.failures[1].id, "s7");
  EXPECT_THAT(result.failures[1].reason, testing::HasSubstr("not a finite number"));
  const Column& column = result.table.column("utility");
  double largest = 0.0;
  for (const double value : whole.table.column("utility").values) {
    largest = std::max(largest, std::abs(value));
  }
  for (std::size_t row = 0; row < samples_.size(); ++row) {
    EXPECT_EQ(column.valid(row), row != 3 && row != 7) << row;
    if (!column.valid(row)) continue;
    EXPECT_NEAR(column.values(row), whole.table.column("utility").values(row),
                tolerance_ * largest);
  }
}

TEST_P(UtilityConformance, SaysWhatItCosts) {
  const UtilityPassResult result = run(samples_, {{5, 0.0}, 4});
  const UtilityCost& cost = result.costs.at("utility");
  EXPECT_GT(cost.cpu_seconds, 0.0);
  EXPECT_GE(cost.prepare_cpu_seconds, 0.0);
  EXPECT_GT(cost.flops, 0.0);
  EXPECT_GT(estimator_->passes().sample, 0.0);
}

TEST_P(UtilityConformance, HasAConfigFileThatMakesIt) {
  const std::filesystem::path configs = std::filesystem::path(WINNOW_SOURCE_DIR) / "configs";
  const config::Value composed = config::compose({{configs / "utility"}, GetParam(), {}});
  EXPECT_EQ(composed.at("type").string(), GetParam());
  EXPECT_NO_THROW(UtilityPass::from_config(composed, "utility", {}));
}

INSTANTIATE_TEST_SUITE_P(All, UtilityConformance, testing::ValuesIn(utilities().names()),
                         [](const auto& estimator) { return estimator.param; });

}  // namespace
}  // namespace winnow
