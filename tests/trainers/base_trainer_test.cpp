#include "trainers/base_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/errors.h"

namespace winnow {
namespace {

using testing::HasSubstr;

class Family : public ModelFamily {
 public:
  explicit Family(std::optional<std::filesystem::path> weights) : weights_(std::move(weights)) {}
  std::optional<std::filesystem::path> pretrained() const override { return weights_; }
  bool vision_is_trainable() const override { return true; }
  std::unique_ptr<ModelFamily> thawed() const override { return nullptr; }
  std::unique_ptr<VisionLanguageModel> create(const std::vector<std::string>&,
                                              std::uint64_t) const override {
    return nullptr;
  }
  std::unique_ptr<VisionLanguageModel> load(const std::filesystem::path&) const override {
    return nullptr;
  }

 private:
  std::optional<std::filesystem::path> weights_;
};

struct Options {
  std::int64_t rounds = 1;
};
BOOST_DESCRIBE_STRUCT(Options, (), (rounds))
config::Help help(const Options&) { return {{"rounds", "how often"}}; }

class TestTrainer : public BaseTrainer {
 public:
  explicit TestTrainer(Options options) : rounds(options.rounds) {}
  std::unique_ptr<VisionLanguageModel> train(const BaseJob&) const override { return nullptr; }
  std::int64_t rounds;
};

config::Value table(const std::string& key = "rounds") {
  const config::Origin origin{"test.toml", 1};
  config::Value result;
  result.set("type", {std::string("test"), origin});
  result.set(key, {std::int64_t{3}, origin});
  return result;
}

std::string refusal(const ModelFamily& family, const config::Value* base) {
  try {
    base_trainer_for(family, base);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(BaseTrainers, AreAskedForWhereThereAreNoWeights) {
  const Family trained("folder"), untrained(std::nullopt);
  const config::Value base = table();
  // Without any of them, as in a build that leaves the generated worlds out.
  ASSERT_TRUE(base_trainers().names().empty());
  EXPECT_EQ(base_trainer_for(trained, &base), nullptr);
  EXPECT_THAT(refusal(untrained, &base),
              testing::AllOf(HasSubstr("model.path=FOLDER"), HasSubstr("WINNOW_WORLDS=OFF")));

  base_trainers().add<TestTrainer, Options>("test", "for tests");
  EXPECT_EQ(base_trainer_for(trained, nullptr), nullptr);
  EXPECT_EQ(base_trainer_for(trained, &base), nullptr);
  EXPECT_THAT(refusal(untrained, nullptr),
              testing::AllOf(HasSubstr("model.path=FOLDER"), HasSubstr("base=micro_world")));
  const auto trainer = base_trainer_for(untrained, &base);
  ASSERT_NE(trainer, nullptr);
  EXPECT_EQ(dynamic_cast<const TestTrainer&>(*trainer).rounds, 3);
  // A misspelt key is one, whether the table is needed or not.
  const config::Value misspelt = table("round");
  for (const ModelFamily* family : {&trained, &untrained}) {
    EXPECT_THAT(refusal(*family, &misspelt),
                testing::AllOf(HasSubstr("test.toml:1: base.round"), HasSubstr("'rounds'")));
  }
}

}  // namespace
}  // namespace winnow
