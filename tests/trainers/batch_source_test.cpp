// Who comes next in training: the static order, a source that chooses by what it observes, and runs
// that are killed with either.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <numeric>
#include <set>

#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/random.h"
#include "models/micro_fixture.h"
#include "temporary_folder.h"
#include "trainers/batches.h"
#include "trainers/trainer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing_support::noise_input;
using testing_support::tiny_model;

// The samples with the largest losses so far come again; those that nobody has seen come first. It
// ends before its plan when all losses are below a bound.
struct HardestOptions {
  double bound = 0.0;
};
BOOST_DESCRIBE_STRUCT(HardestOptions, (), (bound))
config::Help help(const HardestOptions&) { return {{"bound", "of losses that end it"}}; }

class Hardest : public BatchSource {
 public:
  explicit Hardest(HardestOptions options) : options_(options) {}
  void start(TrainingSet set, std::uint64_t) override {
    losses_.assign(set.lengths.size(), kUnseen);
  }
  RunLength plan(std::int64_t batch_size, std::int64_t samples) override {
    size_ = static_cast<std::size_t>(batch_size);
    return {samples / batch_size, samples};
  }
  std::optional<Batch> next(std::int64_t) override {
    if (std::all_of(losses_.begin(), losses_.end(),
                    [&](double loss) { return loss < options_.bound; })) {
      return std::nullopt;
    }
    std::vector<std::size_t> order(losses_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return losses_[a] > losses_[b]; });
    order.resize(size_);
    given_ = order;
    return Batch{order, std::vector<double>(order.size(), 0.5)};
  }
  void observe(std::int64_t, const std::vector<double>& losses) override {
    ASSERT_EQ(losses.size(), given_.size());
    for (std::size_t i = 0; i < losses.size(); ++i) losses_[given_[i]] = losses[i];
  }
  void save(const fs::path& folder) const override {
    write_file(folder / "losses.json", json::serialize(json::value_from(losses_)));
  }
  void load(const fs::path& folder) override {
    losses_ = json::value_to<std::vector<double>>(json::parse(read_file(folder / "losses.json")));
  }

 private:
  static constexpr double kUnseen = 1e9;
  HardestOptions options_;
  std::size_t size_ = 0;
  std::vector<double> losses_;
  std::vector<std::size_t> given_;
};
const bool registered = batch_sources().add<Hardest, HardestOptions>("hardest", "for tests");

config::Value source_table(const std::string& type) {
  config::Value table;
  table.set("type", {type, config::Origin{"test", 1}});
  return table;
}

class Steps : public TrainingObserver {
 public:
  void step(const TrainingStep& step) override { seen.push_back(step); }
  std::vector<TrainingStep> seen;
};

constexpr std::size_t kSamples = 18;

class BatchSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    Progress::set_enabled(false);
    set_worker_count(1);
    fs::remove_all(folder_);
    const auto model = tiny_model();
    for (std::size_t i = 0; i < kSamples; ++i) {
      inputs_.push_back(noise_input(*model, 1 + static_cast<std::int64_t>(i % 3),
                                    i % 2 == 0 ? "red" : "blue green", i));
    }
  }
  void TearDown() override {
    fs::remove_all(folder_);
    set_worker_count(0);
  }

  TrainingJob job(const config::Value& source, const fs::path& folder) const {
    TrainingJob job;
    job.folder = folder;
    job.title = "test run";
    job.input = [this](std::size_t i, VisionLanguageModel&) { return inputs_[i]; };
    TrainingSet set;
    for (const ModelInput& input : inputs_) set.lengths.push_back(input.length());
    job.batches = started(source, "batch_source", std::move(set), 7);
    return job;
  }
  // 12 steps of 4 samples, a resume point after every fifth.
  static TrainingResult train(VisionLanguageModel& model, const TrainingJob& job) {
    const config::Origin origin{"test", 1};
    config::Value table;
    table.set("type", {std::string("sft"), origin});
    for (const auto& [key, value] : {std::pair{"batch_size", 4}, std::pair{"samples", 48},
                                     std::pair{"checkpoints", 3}, std::pair{"resume_every", 5}}) {
      table.set(key, {std::int64_t{value}, origin});
    }
    table.set("learning_rate", {1e-2, origin});
    return trainers().create(table, "trainer")->train(model, job);
  }

  const fs::path folder_ = testing_support::temporary_folder();
  std::vector<ModelInput> inputs_;
};

TEST_F(BatchSourceTest, TheOrderOfEpochsIsAsLongAsItSays) {
  for (const std::size_t count : {0U, 1U, 7U, 8U, 33U}) {
    for (const std::int64_t samples : {0, 1, 8, 50, 200}) {
      std::vector<std::int64_t> lengths;
      for (std::size_t i = 0; i < count; ++i) lengths.push_back(static_cast<std::int64_t>(i % 5));
      std::vector<double> weights(count, 2.0);
      const auto source = epochs({lengths, weights}, 3)();
      const RunLength length = source->plan(8, samples);
      std::int64_t taken = 0;
      for (std::int64_t step = 0; step < length.steps; ++step) {
        const Batch batch = source->next(step).value();
        EXPECT_EQ(batch.weights, std::vector<double>(batch.positions.size(), 2.0));
        taken += static_cast<std::int64_t>(batch.positions.size());
      }
      EXPECT_EQ(taken, length.samples) << count << " of " << samples;
      if (count > 0 && samples > 0) {
        EXPECT_EQ(length.steps, (samples + 7) / 8);
      }
    }
  }
}

TEST_F(BatchSourceTest, EpochsAreThoseOfTheirSeedFromAnyStepOn) {
  const std::vector<std::int64_t> lengths = {5, 3, 8, 1, 9, 2, 7, 4, 6, 5};
  const auto whole = epochs({lengths, {}}, 3)(), late = epochs({lengths, {}}, 3)();
  whole->plan(4, 30);
  late->plan(4, 30);
  for (std::int64_t step = 0; step < 8; ++step) {
    const auto epoch = epoch_batches(lengths, 4, 16, 3, static_cast<std::uint64_t>(step / 3));
    EXPECT_EQ(whole->next(step)->positions, epoch[static_cast<std::size_t>(step % 3)]);
    if (step >= 5) {
      EXPECT_EQ(late->next(step)->positions, epoch[static_cast<std::size_t>(step % 3)]);
    }
  }
  EXPECT_THROW(started(source_table("epoch"), "batch_source", {}, 1), ConfigError);
}

TEST_F(BatchSourceTest, ASourceChoosesByTheLossesOfItsSamples) {
  const auto model = tiny_model();
  Steps steps;
  TrainingJob work = job(source_table("hardest"), folder_ / "run");
  work.observers = {&steps};
  std::vector<std::size_t> taken;
  work.input = [&](std::size_t i, VisionLanguageModel&) {
    taken.push_back(i);
    return inputs_[i];
  };
  const double expected = tiny_model()
                              ->answer_loss({inputs_[0], inputs_[1], inputs_[2], inputs_[3]})
                              .sum.sum()
                              .item<double>();
  const TrainingResult result = train(*model, work);
  ASSERT_EQ(steps.seen.size(), 12U);
  // Everyone once, then the hardest again.
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(taken[i], i);
  EXPECT_EQ(std::set<std::size_t>(taken.begin(), taken.begin() + 20).size(), kSamples);
  EXPECT_EQ(result.steps, 12);
  EXPECT_EQ(result.checkpoints.back().samples, 48);
  // A weight of one half halves the loss of the step.
  std::int64_t answers = 0, tokens = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    tokens += inputs_[i].length();
    answers += std::count_if(inputs_[i].labels.begin(), inputs_[i].labels.end(),
                             [](std::int64_t label) { return label != -100; });
  }
  EXPECT_NEAR(steps.seen[0].loss, 0.5 * expected / static_cast<double>(answers), 1e-6);
  EXPECT_EQ(steps.seen[0].tokens, tokens);
  EXPECT_EQ(steps.seen[0].samples, 4);
  EXPECT_EQ(steps.seen[0].learning_rate, 0.0);  // warm-up
  EXPECT_GT(steps.seen[0].gradient_norm, 0.0);
  EXPECT_EQ(steps.seen.back().tokens, result.tokens);
}

TEST_F(BatchSourceTest, TrainingEndsWhereItsSourceDoes) {
  config::Value source = source_table("hardest");
  source.set("bound", {1e8, config::Origin{"test", 1}});  // when all have been seen
  const auto model = tiny_model();
  const TrainingResult result = train(*model, job(source, folder_ / "run"));
  EXPECT_EQ(result.steps, 5);
  ASSERT_EQ(result.checkpoints.size(), 2U);
  EXPECT_EQ(result.checkpoints[0].index, 1);  // after 4 steps
  EXPECT_EQ(result.checkpoints[0].samples, 16);
  EXPECT_EQ(result.checkpoints[1].index, 3);  // the end
  EXPECT_EQ(result.checkpoints[1].samples, 20);
  const auto last = tiny_model(9);
  last->load(result.checkpoints[1].folder);
  EXPECT_EQ(weights_digest(*last), weights_digest(*model));
}

TEST_F(BatchSourceTest, StepsComeBackFromTheirFile) {
  Steps steps;
  TrainingJob work = job(source_table("epochs"), folder_ / "run");
  work.observers = {&steps};
  const auto input = work.input;
  int asked = 0;
  work.input = [&](std::size_t i, VisionLanguageModel& model) {
    ModelInput result = input(i, model);
    if (asked++ == 5) result.visual[0].tokens = result.visual[0].tokens * NAN;
    return result;
  };
  const TrainingResult result = train(*tiny_model(), work);
  EXPECT_EQ(result.skipped_steps, 1);
  const std::vector<TrainingStep> read = read_metrics(folder_ / "run" / kMetricsFile);
  ASSERT_EQ(read.size(), steps.seen.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].step, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(read[i].samples, steps.seen[i].samples);
    EXPECT_EQ(read[i].tokens, steps.seen[i].tokens);
    EXPECT_EQ(read[i].skipped(), i == 1);
    if (i != 1) {
      EXPECT_EQ(read[i].loss, steps.seen[i].loss);
      EXPECT_EQ(read[i].gradient_norm, steps.seen[i].gradient_norm);
    }
    EXPECT_EQ(read[i].learning_rate, steps.seen[i].learning_rate);
    EXPECT_EQ(read[i].seconds, steps.seen[i].seconds);
  }
  write_file(folder_ / "bad.jsonl", read_file(folder_ / "run" / kMetricsFile) + "{}\n");
  try {
    read_metrics(folder_ / "bad.jsonl");
    FAIL() << "read a line without numbers";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("bad.jsonl:13: "));
  }
}

// Every registered source, killed by a signal in a process of its own.
class KilledTrainingTest : public BatchSourceTest {
 protected:
  // Where parent and child work, which are two runs of this test.
  static fs::path shared() {
    constexpr const char* kName = "WINNOW_TEST_KILLED_TRAINING";
    if (std::getenv(kName) == nullptr) {
      ::setenv(kName, testing_support::temporary_folder().c_str(), 1);
    }
    return std::getenv(kName);
  }
  void train_until(const std::string& source, const fs::path& folder, int kill) const {
    TrainingJob work = job(source_table(source), folder);
    int asked = 0;
    work.input = [&](std::size_t i, VisionLanguageModel&) {
      if (++asked == kill) ::raise(SIGKILL);
      return inputs_[i];
    };
    train(*tiny_model(), work);
  }
};

TEST_F(KilledTrainingTest, EndsWithTheSameWeightsAndMetrics) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::vector<int> kills = {1, 6, 21, 22, 40, 44};
  shared();  // for the children, too
  const auto folder_of = [&](const std::string& source, int kill) {
    return shared() / (source + "-" + std::to_string(kill));
  };
  const std::vector<std::string> sources = batch_sources().names();
  ASSERT_GE(sources.size(), 2U);  // with the one of this test
  for (const std::string& source : sources) {
    for (const int kill : kills) {
      EXPECT_EXIT(train_until(source, folder_of(source, kill), kill),
                  testing::KilledBySignal(SIGKILL), "");
    }
  }
  for (const std::string& source : sources) {
    const auto reference = tiny_model();
    train(*reference, job(source_table(source), folder_ / source));
    const auto wanted = read_metrics(folder_ / source / kMetricsFile);
    ASSERT_EQ(wanted.size(), 12U);
    for (const int kill : kills) {
      SCOPED_TRACE(source + ", killed at input " + std::to_string(kill));
      const fs::path folder = folder_of(source, kill);
      EXPECT_EQ(fs::exists(folder / "resume"), kill > 20);
      const std::size_t told = read_metrics(folder / kMetricsFile).size();
      EXPECT_GE(told, static_cast<std::size_t>(kill - 1) / 4);
      EXPECT_LT(told, wanted.size());
      const auto model = tiny_model();
      const TrainingResult result = train(*model, job(source_table(source), folder));
      EXPECT_EQ(weights_digest(*model), weights_digest(*reference));
      EXPECT_EQ(result.checkpoints.size(), 3U);
      EXPECT_EQ(result.tokens, wanted.back().tokens);
      const auto found = read_metrics(folder / kMetricsFile);
      ASSERT_EQ(found.size(), wanted.size());
      double before = 0.0;
      for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].step, wanted[i].step);
        EXPECT_EQ(found[i].tokens, wanted[i].tokens);
        EXPECT_DOUBLE_EQ(found[i].loss, wanted[i].loss);
        EXPECT_DOUBLE_EQ(found[i].gradient_norm, wanted[i].gradient_norm);
        EXPECT_GE(found[i].seconds, before);
        before = found[i].seconds;
      }
    }
  }
}

TEST(Batches, EveryPositionOnceAndLittlePadding) {
  std::vector<std::int64_t> lengths;
  RandomStream stream(1, "test/lengths");
  for (int i = 0; i < 1003; ++i) lengths.push_back(stream.integer(10, 100));
  const auto batches = epoch_batches(lengths, 16, 16, 7);
  std::set<std::size_t> seen;
  std::int64_t padded = 0, real = 0;
  for (const auto& batch : batches) {
    std::int64_t longest = 0;
    for (const std::size_t position : batch) {
      EXPECT_TRUE(seen.insert(position).second);
      real += lengths[position];
      longest = std::max(longest, lengths[position]);
    }
    padded += longest * static_cast<std::int64_t>(batch.size());
  }
  EXPECT_EQ(seen.size(), lengths.size());
  EXPECT_EQ(batches.size(), 63U);
  EXPECT_EQ(batches.back().size(), 1003U % 16);
  EXPECT_LT(static_cast<double>(padded), 1.12 * static_cast<double>(real));
  EXPECT_EQ(epoch_batches(lengths, 16, 16, 7), batches);
  EXPECT_NE(epoch_batches(lengths, 16, 16, 8), batches);
}

}  // namespace
}  // namespace winnow
