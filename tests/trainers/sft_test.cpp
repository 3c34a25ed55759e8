#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/errors.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "device_watch.h"
#include "models/micro_fixture.h"
#include "models/qwen3_vl/model_fixture.h"
#include "models/safetensors.h"
#include "temporary_folder.h"
#include "trainers/adamw.h"
#include "trainers/schedule.h"
#include "trainers/trainer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing_support::noise_input;
using testing_support::tiny_model;

config::Value sft_config(std::vector<std::pair<std::string, double>> numbers = {}) {
  const config::Origin origin{"test", 1};
  config::Value table;
  table.set("type", {std::string("sft"), origin});
  table.set("batch_size", {std::int64_t{4}, origin});
  table.set("checkpoints", {std::int64_t{3}, origin});
  table.set("resume_every", {std::int64_t{2}, origin});
  table.set("learning_rate", {1e-2, origin});
  for (const auto& [key, value] : numbers) {
    if (value == std::floor(value)) {
      table.set(key, {static_cast<std::int64_t>(value), origin});
    } else {
      table.set(key, {value, origin});
    }
  }
  return table;
}

class SftTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { Progress::set_enabled(false); }
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  TrainingJob job(micro::MicroModel& model, std::size_t count, const fs::path& folder) {
    TrainingJob result;
    result.folder = folder;
    result.title = "test run";
    lengths_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      inputs_.push_back(
          noise_input(model, 1 + static_cast<std::int64_t>(i % 3), i % 2 == 0 ? "red" : "blue", i));
      lengths_.push_back(inputs_.back().length());
    }
    result.batches = epochs({lengths_, {}}, 5);
    result.input = [this](std::size_t i, VisionLanguageModel&) { return inputs_[i]; };
    return result;
  }

  // Weights from .5 to 1.5, a mean of 1.
  void weigh(TrainingJob& job) const {
    const auto last = static_cast<double>(lengths_.size()) - 1.0;
    std::vector<double> weights;
    for (std::size_t i = 0; i < lengths_.size(); ++i) {
      weights.push_back(0.5 + static_cast<double>(i) / last);
    }
    job.batches = epochs({lengths_, weights}, 5);
  }

  fs::path folder_ = testing_support::temporary_folder();
  std::vector<ModelInput> inputs_;
  std::vector<std::int64_t> lengths_;  // of the last job's
  int runs_ = 0;
};

TEST_F(SftTest, LossFallsAndCheckpointsAreEven) {
  const auto model = tiny_model();
  const TrainingJob work = job(*model, 42, folder_ / "run");
  const double before = model->answer_loss(inputs_).mean().mean().item<double>();
  const TrainingResult result =
      trainers().create(sft_config({{"learning_rate", 5e-2}}), "trainer")->train(*model, work);
  EXPECT_LT(model->answer_loss(inputs_).mean().mean().item<double>(), 0.5 * before);
  ASSERT_EQ(result.checkpoints.size(), 3U);
  EXPECT_EQ(result.checkpoints[0].samples, 12);  // 11 steps: after 3, 7 and 11
  EXPECT_EQ(result.checkpoints[1].samples, 28);
  EXPECT_EQ(result.checkpoints[2].samples, 42);
  EXPECT_GT(result.cpu_seconds, 0.0);
  const auto last = tiny_model(9);
  last->load(result.checkpoints[2].folder);
  EXPECT_EQ(weights_digest(*last), weights_digest(*model));
}

TEST_F(SftTest, TrainsOnANumberOfSamplesInAsManyEpochsAsThatTakes) {
  const auto model = tiny_model();
  TrainingJob work = job(*model, 10, folder_ / "run");
  std::map<std::size_t, int> taken;
  const auto input = work.input;
  work.input = [&](std::size_t i, VisionLanguageModel& copy) {
    ++taken[i];
    return input(i, copy);
  };
  std::int64_t tokens = 0;
  const auto trainer = trainers().create(sft_config({{"samples", 40}}), "trainer");
  const TrainingResult result = trainer->train(*model, work);
  // Batches of 4: an epoch has 4, 4 and 2 samples, so ten steps are three epochs and a batch more.
  EXPECT_EQ(result.checkpoints.back().samples, 34);
  EXPECT_EQ(taken.size(), 10U);
  for (const auto& [position, count] : taken) {
    EXPECT_GE(count, 3) << position;
    EXPECT_LE(count, 4) << position;
    tokens += count * lengths_[position];
  }
  EXPECT_EQ(result.tokens, tokens);
}

TEST_F(SftTest, TrainsOnAsManySamplesAsEpochsOfThePoolHave) {
  const auto model = tiny_model();
  TrainingJob work = job(*model, 10, folder_ / "run");
  config::Value table = sft_config({});
  table.set("pool_epochs", config::Value(0.5, {}));
  const auto trainer = trainers().create(table, "trainer");
  EXPECT_THROW(trainer->train(*model, work), ConfigError) << "no pool is known";
  work.pool_rows = 80;
  // As 40 samples: ten batches of 4, 4 and 2.
  EXPECT_EQ(trainer->train(*model, work).checkpoints.back().samples, 34);
  table.set("samples", config::Value(std::int64_t{40}, {}));
  EXPECT_THROW(trainers().create(table, "trainer"), ConfigError) << "both";
}

// Stops the job by an exception from its input at every step in turn: what is on disk then is what
// kill -9 leaves behind.
TEST_F(SftTest, ResumesToTheSameWeightsWhereverItStops) {
  const auto reference = tiny_model();
  TrainingJob work = job(*reference, 42, folder_ / "reference");
  weigh(work);
  const auto trainer = trainers().create(sft_config(), "trainer");
  trainer->train(*reference, work);
  for (int stop = 1; stop < 42; stop += 5) {
    TrainingJob stopped = work;
    stopped.folder = folder_ / ("stopped-" + std::to_string(stop));
    int asked = 0;
    stopped.input = [&](std::size_t i, VisionLanguageModel&) {
      if (++asked > stop) throw std::runtime_error("killed");
      return inputs_[i];
    };
    const auto first = tiny_model();
    EXPECT_THROW(trainer->train(*first, stopped), std::runtime_error);
    stopped.input = work.input;
    const auto second = tiny_model();
    const TrainingResult result = trainer->train(*second, stopped);
    EXPECT_EQ(weights_digest(*second), weights_digest(*reference)) << "stopped after " << stop;
    ASSERT_EQ(result.checkpoints.size(), 3U);
    EXPECT_EQ(result.checkpoints[0].samples, 12);
    for (const Checkpoint& checkpoint : result.checkpoints) {
      EXPECT_TRUE(fs::exists(checkpoint.folder / "model.safetensors"));
    }
  }
}

TEST_F(SftTest, ShardsGiveTheSameGradientOnAnyNumberOfThreads) {
  const auto train = [&](std::size_t threads, double shards, const char* name) {
    inputs_.clear();
    set_worker_count(threads);
    auto model = tiny_model();
    TrainingJob work = job(*model, 16, folder_ / name);
    weigh(work);
    trainers().create(sft_config({{"shards", shards}}), "trainer")->train(*model, work);
    set_worker_count(0);
    return model;
  };
  const auto one = train(1, 2, "one"), two = train(2, 2, "two"), whole = train(1, 1, "whole");
  EXPECT_EQ(weights_digest(*one), weights_digest(*two));
  const auto sharded = two->named_parameters(), plain = whole->named_parameters();
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_TRUE(torch::allclose(sharded[i].second, plain[i].second, 1e-2, 1e-3)) << plain[i].first;
  }
}

TEST_F(SftTest, AWeightCountsALossAsOftenAsItSays) {
  const auto train = [&](const std::vector<std::size_t>& positions,
                         const std::vector<double>& weights) {
    const fs::path folder = folder_ / std::to_string(runs_++);
    inputs_.clear();
    auto model = tiny_model();
    TrainingJob work = job(*model, 4, folder);
    work.input = [this, positions](std::size_t i, VisionLanguageModel&) {
      return inputs_[positions[i]];
    };
    work.batches = epochs({lengths_, weights}, 5);
    // Four steps, the first at rate 0; an epsilon that keeps rounding from becoming a direction.
    trainers()
        .create(sft_config({{"checkpoints", 1}, {"samples", 16}, {"epsilon", 1e-3}}), "trainer")
        ->train(*model, work);
    return model;
  };
  const auto plain = train({0, 1, 2, 3}, {});
  EXPECT_EQ(weights_digest(*train({0, 1, 2, 3}, {1, 1, 1, 1})), weights_digest(*plain));
  // One batch of answers of equal length: two with twice the weight are two that stand there twice.
  const auto weighted = train({0, 1, 2, 3}, {2, 2, 0, 0})->named_parameters();
  const auto repeated = train({0, 0, 1, 1}, {})->named_parameters();
  bool moved = false;
  for (std::size_t i = 0; i < weighted.size(); ++i) {
    EXPECT_TRUE(torch::allclose(weighted[i].second, repeated[i].second, 1e-3, 1e-5))
        << weighted[i].first;
    moved = moved ||
            !torch::allclose(weighted[i].second, plain->named_parameters()[i].second, 1e-3, 1e-5);
  }
  EXPECT_TRUE(moved);
}

TEST_F(SftTest, ATrainedTowerGetsItsGradientInEveryShard) {
  const auto train = [&](std::size_t threads, double shards, const char* name) {
    set_worker_count(threads);
    auto model = testing_support::tiny_qwen3_vl();
    TrainingJob work;
    work.folder = folder_ / name;
    work.title = "test run";
    work.batches = epochs({std::vector<std::int64_t>(8, 1), {}}, 0);
    work.input = [](std::size_t i, VisionLanguageModel& worker) {
      return testing_support::noise_question(dynamic_cast<qwen3_vl::Model&>(worker),
                                             i % 2 == 0 ? 1 : 3, i % 2 == 0 ? "red" : "blue", i);
    };
    trainers()
        .create(sft_config({{"shards", shards}, {"learning_rate", 1e-3}, {"checkpoints", 1.0}}),
                "trainer")
        ->train(*model, work);
    set_worker_count(0);
    return model;
  };
  const auto one = train(1, 2, "one"), two = train(2, 2, "two"), whole = train(1, 1, "whole");
  EXPECT_EQ(weights_digest(*one), weights_digest(*two));
  const auto start = testing_support::tiny_qwen3_vl()->named_parameters();
  const auto sharded = two->named_parameters(), plain = whole->named_parameters();
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_TRUE(torch::allclose(sharded[i].second, plain[i].second, 1e-2, 1e-3)) << plain[i].first;
    if (plain[i].first == "vision.blocks.0.qkv.weight") {
      EXPECT_FALSE(torch::equal(plain[i].second, start[i].second));
    }
  }
}

// Families whose weights may be in bfloat16.
class HalfPrecisionTest : public SftTest, public testing::WithParamInterface<const char*> {
 protected:
  static std::unique_ptr<VisionLanguageModel> model() {
    const config::Origin origin{"test", 1};
    config::Value table;
    table.set("type", {std::string(GetParam()), origin});
    table.set("precision", {std::string("bfloat16"), origin});
    for (const auto& [key, value] :
         {std::pair{"width", 32}, std::pair{"layers", 2}, std::pair{"vision_width", 16},
          std::pair{"patch_size", 8}, std::pair{"vocabulary_tokens", 300}}) {
      table.set(key, {std::int64_t{value}, origin});
    }
    return models()
        .create(table, "model")
        ->create({"what colour is it", "red", "blue", "what colour is it"}, 1);
  }
  static TrainingJob half_job(const fs::path& folder, std::size_t count) {
    TrainingJob work;
    work.folder = folder;
    work.title = "test run";
    work.batches = epochs({std::vector<std::int64_t>(count, 1), {}}, 5);
    work.input = [](std::size_t i, VisionLanguageModel& worker) {
      return worker.input(
          testing_support::question_sample("a", i % 2 == 0 ? "red" : "blue"),
          worker.encode_vision({worker.preprocess(testing_support::noise_frames(1, i % 4))}));
    };
    return work;
  }
};

TEST_P(HalfPrecisionTest, StepsTooSmallForTheWeightsAddUp) {
  const auto trained = model();
  const TrainingJob work = half_job(folder_ / "run", 400);
  const auto loss = [&] {
    const torch::NoGradGuard no_gradients;
    std::vector<ModelInput> inputs;
    for (std::size_t i = 0; i < 4; ++i) inputs.push_back(work.input(i, *trained));
    return trained->answer_loss(inputs).mean().mean().item<double>();
  };
  const auto distance = [&](const VisionLanguageModel& other) {
    std::map<std::string, double> result;  // share of values that differ
    const auto a = trained->named_parameters(), b = other.named_parameters();
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].second.scalar_type(), torch::kBFloat16);
      result[a[i].first] = a[i].second.ne(b[i].second).to(torch::kFloat32).mean().item<double>();
    }
    return result;
  };
  const auto start = trained->clone();
  const double before = loss();
  // A norm's weight of 1 has a neighbour at 1 - 2^-8; a step is 2e-4 at most.
  trainers()
      .create(sft_config({{"learning_rate", 2e-4}, {"checkpoints", 1.0}, {"warmup_share", 0}}),
              "trainer")
      ->train(*trained, work);
  EXPECT_LT(loss(), before - 0.01);
  EXPECT_GT(distance(*start).at("text.norm"), 0.1);
}

TEST_P(HalfPrecisionTest, ResumesToTheSameWeightsAndSavesHalfOfThem) {
  const auto reference = model();
  const auto trainer = trainers().create(sft_config({{"learning_rate", 1e-4}}), "trainer");
  trainer->train(*reference, half_job(folder_ / "reference", 42));
  for (int stop = 1; stop < 42; stop += 13) {
    TrainingJob stopped = half_job(folder_ / ("stopped-" + std::to_string(stop)), 42);
    const auto input = stopped.input;
    int asked = 0;
    stopped.input = [&](std::size_t i, VisionLanguageModel& worker) {
      if (++asked > stop) throw std::runtime_error("killed");
      return input(i, worker);
    };
    EXPECT_THROW(trainer->train(*model(), stopped), std::runtime_error);
    stopped.input = input;
    const auto second = model();
    const TrainingResult result = trainer->train(*second, stopped);
    EXPECT_EQ(weights_digest(*second), weights_digest(*reference)) << "stopped after " << stop;
    for (const auto& [name, tensor] :
         read_safetensors(result.checkpoints.back().folder / "model.safetensors")) {
      EXPECT_EQ(tensor.scalar_type(), torch::kBFloat16) << name;
    }
  }
}

TEST_F(SftTest, TrainingStaysOnTheModelsDevice) {
  set_worker_count(1);  // one thread, which is watched
  for (const Precision precision : {Precision::float32, Precision::bfloat16}) {
    const testing_support::DeviceWatch watch;
    qwen3_vl::Options options = testing_support::tiny_qwen3_vl_options();
    options.device.device = torch::kMeta;
    options.precision = precision;
    const auto model = testing_support::tiny_qwen3_vl(1, options);
    TrainingJob work;
    work.folder = folder_ / config::to_value(options).at("precision").string();
    work.title = "test run";
    work.batches = epochs({std::vector<std::int64_t>(12, 1), {}}, 0);
    int asked = 0;
    work.input = [&](std::size_t i, VisionLanguageModel& worker) {
      if (++asked == 8) throw std::runtime_error("killed");  // after a resume point
      return testing_support::noise_question(dynamic_cast<qwen3_vl::Model&>(worker), 1, "red", i);
    };
    const auto trainer = trainers().create(
        sft_config({{"shards", 2}, {"batch_size", 2}, {"resume_every", 1}}), "trainer");
    EXPECT_THROW(trainer->train(*model, work), std::runtime_error);
    trainer->train(*model, work);
    EXPECT_THAT(watch.mixed(), testing::IsEmpty());
    EXPECT_GT(watch.seen(), 2000);
    for (const auto& [name, parameter] : model->named_parameters()) {
      EXPECT_TRUE(parameter.is_meta()) << name;
    }
  }
  set_worker_count(0);
}

INSTANTIATE_TEST_SUITE_P(Families, HalfPrecisionTest, testing::Values("qwen3_vl", "internvl"));

TEST_F(SftTest, ANonFiniteStepIsSkippedAndTooManyStopTheRun) {
  const auto model = tiny_model();
  TrainingJob work = job(*model, 40, folder_ / "nan");
  const auto poisoned = [&](std::size_t first, std::size_t count) {
    return [this, first, count](std::size_t i, VisionLanguageModel&) {
      ModelInput input = inputs_[i];
      if (i >= first && i < first + count) input.visual[0].tokens = input.visual[0].tokens * NAN;
      return input;
    };
  };
  work.input = poisoned(0, 1);
  const TrainingResult result = trainers().create(sft_config(), "trainer")->train(*model, work);
  EXPECT_EQ(result.skipped_steps, 1);
  for (const auto& [name, parameter] : model->named_parameters()) {
    EXPECT_TRUE(torch::isfinite(parameter).all().item<bool>()) << name;
  }
  work.folder = folder_ / "nan-all";
  work.input = poisoned(0, 40);
  try {
    trainers().create(sft_config(), "trainer")->train(*tiny_model(), work);
    FAIL() << "trained on nothing but NaN";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("non-finite"));
  }
}

TEST(Schedule, WarmsUpThenFollowsHalfACosine) {
  EXPECT_DOUBLE_EQ(learning_rate_factor(0, 100, 0.1), 0.0);
  EXPECT_DOUBLE_EQ(learning_rate_factor(5, 100, 0.1), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate_factor(10, 100, 0.1), 1.0);
  EXPECT_NEAR(learning_rate_factor(55, 100, 0.1), 0.5, 1e-12);
  EXPECT_NEAR(learning_rate_factor(100, 100, 0.1), 0.0, 1e-12);
  EXPECT_DOUBLE_EQ(learning_rate_factor(0, 100, 0.0), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate_factor(1, 15, 0.1), 0.5);  // ceil(1.5) = 2 warm-up steps
}

TEST(AdamW, FollowsItsDefinitionForTwoSteps) {
  torch::Tensor weight = torch::tensor({1.0F}).requires_grad_(true);
  torch::Tensor bias = torch::tensor({1.0F}).requires_grad_(true);
  AdamW optimizer({{"weight", weight}, {"bias", bias}}, {0.9, 0.99, 1e-8, 0.1});
  double w = 1.0, m = 0.0, v = 0.0;
  for (int step = 1; step <= 2; ++step) {
    optimizer.zero_gradients();
    (weight * weight).sum().backward();  // gradient 2 w
    const double gradient = 2.0 * w;
    m = 0.9 * m + 0.1 * gradient;
    v = 0.99 * v + 0.01 * gradient * gradient;
    w = w * (1 - 0.01 * 0.1) -
        0.01 * (m / (1 - std::pow(0.9, step))) / (std::sqrt(v / (1 - std::pow(0.99, step))) + 1e-8);
    optimizer.step(0.01);
    EXPECT_NEAR(weight.item<double>(), w, 1e-6);
  }
  EXPECT_EQ(bias.item<double>(), 1.0);  // no gradient, no decay
}

TEST(AdamW, StepsAMasterCopyOfNarrowWeights) {
  const torch::Tensor narrow = torch::ones({2}, torch::kBFloat16).requires_grad_(true);
  const torch::Tensor wide = torch::ones({2}).requires_grad_(true);
  AdamW half({{"weight", narrow}}, {}), whole({{"weight", wide}}, {});
  const auto step = [&](AdamW& optimizer, const torch::Tensor& weight) {
    optimizer.zero_gradients();
    (weight * 2).sum().backward();  // the same gradient, exactly, for both
    optimizer.step(1e-5);
  };
  for (int i = 0; i < 100; ++i) {
    step(half, narrow);
    step(whole, wide);
  }
  EXPECT_TRUE(torch::equal(half.state().at("master.weight"), wide.detach()));
  EXPECT_EQ(narrow[0].item<double>(), 1.0);  // 0.999 is nearer to 1 than to its neighbour below
  EXPECT_EQ(whole.state().count("master.weight"), 0U);

  // Goes on from its stored state alone, whatever the parameter is.
  const torch::Tensor resumed = torch::zeros({2}, torch::kBFloat16).requires_grad_(true);
  AdamW again({{"weight", resumed}}, {});
  again.load_state(half.state());
  EXPECT_TRUE(torch::equal(resumed.detach(), narrow.detach()));
  for (int i = 0; i < 300; ++i) {
    step(half, narrow);
    step(again, resumed);
  }
  EXPECT_LT(narrow[0].item<double>(), 1.0);
  EXPECT_TRUE(torch::equal(resumed.detach(), narrow.detach()));
  EXPECT_TRUE(torch::equal(again.state().at("master.weight"), half.state().at("master.weight")));
}

TEST(AdamW, ClipsTheGlobalNorm) {
  torch::Tensor a = torch::tensor({3.0F}).requires_grad_(true);
  torch::Tensor b = torch::tensor({4.0F}).requires_grad_(true);
  AdamW optimizer({{"a", a}, {"b", b}}, {});
  (a * a / 2 + b * b / 2).sum().backward();
  EXPECT_NEAR(optimizer.clip_gradients(1.0), 5.0, 1e-6);
  EXPECT_NEAR(a.grad().item<double>(), 0.6, 1e-6);
  EXPECT_NEAR(b.grad().item<double>(), 0.8, 1e-6);
}

}  // namespace
}  // namespace winnow
