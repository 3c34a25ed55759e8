// Models on another device than the CPU.

#include "models/compute_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>

#include "config/read.h"
#include "device_watch.h"
#include "models/internvl/model_fixture.h"
#include "models/qwen3_vl/model_fixture.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::DeviceWatch;
using testing_support::noise_frames;
using testing_support::question_sample;
using testing_support::refusal;

std::unique_ptr<ModelFamily> configured(const std::string& text) {
  return models().create(config::parse_toml(text, "experiment.toml"), "model");
}

TEST(ComputeDevice, ADeviceThatIsNotThereIsRefusedWithWhatThereIs) {
  EXPECT_EQ(config::to_value(CheckpointOptions{}).at("device").string(), "cpu");
  for (const char* family : {"qwen3_vl", "internvl"}) {
    const std::string type = std::string("type = \"") + family + "\"\n";
    configured(type + "device = \"cpu\"");
    const std::string absent =
        refusal([&] { configured(type + "device = \"cuda:" + std::to_string(99) + "\""); });
    EXPECT_THAT(absent, HasSubstr("experiment.toml:2: model.device = \"cuda:99\""));
    EXPECT_THAT(absent, HasSubstr("\"cpu\""));
    EXPECT_THROW(configured(type + "device = \"cuda:99\""), ConfigError);
    for (const char* wrong : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", ""}) {
      EXPECT_THAT(refusal([&] { configured(type + "device = \"" + wrong + "\""); }),
                  HasSubstr("expected \"cpu\", \"cuda\" or \"cuda:1\""))
          << wrong;
    }
    if (torch::cuda::is_available()) continue;
    EXPECT_THAT(refusal([&] { configured(type + "device = \"cuda\""); }),
                testing::AllOf(HasSubstr("model.device = \"cuda\""),
                               HasSubstr("only \"cpu\" is available")));
  }
}

TEST(DeviceWatch, SeesWhatMixesDevices) {
  const torch::Tensor here = torch::ones({2, 2}), there = torch::ones({2, 2}, torch::kMeta);
  const DeviceWatch watch;
  there + there;
  here.to(torch::kMeta) + there* torch::tensor(2.0);
  EXPECT_THAT(watch.mixed(), IsEmpty());
  EXPECT_GT(watch.seen(), 2);
  try {
    torch::cat({there, here});
  } catch (const c10::Error&) {  // some operations notice by themselves
  }
  EXPECT_THAT(watch.mixed(), testing::Contains("aten::cat"));
}

template <class Model>
class DeviceOf : public testing::Test {
 protected:
  static std::unique_ptr<VisionLanguageModel> on_meta(bool checkpointing, bool adapters) {
    auto options = options_of(static_cast<Model*>(nullptr));
    options.device.device = torch::kMeta;
    options.gradient_checkpointing = checkpointing;
    if (adapters) options.lora.rank = 2;
    auto model = std::make_unique<Model>(options);
    model->initialise_from({"what colour is it", "red", "blue", "what colour is it"}, 1);
    return model;
  }
  static std::vector<ModelInput> inputs(VisionLanguageModel& model) {
    std::vector<ModelInput> result;
    for (const std::int64_t frames : {1, 3}) {
      result.push_back(
          model.input(question_sample("a", "red"),
                      model.encode_vision({model.preprocess(noise_frames(frames, 1))})));
    }
    result.push_back(model.blind_input(question_sample("b", "blue")));
    return result;
  }

 private:
  static qwen3_vl::Options options_of(qwen3_vl::Model*) {
    return testing_support::tiny_qwen3_vl_options();
  }
  static internvl::Options options_of(internvl::Model*) {
    return testing_support::tiny_internvl_options();
  }
};

using Families = testing::Types<qwen3_vl::Model, internvl::Model>;
TYPED_TEST_SUITE(DeviceOf, Families);

TYPED_TEST(DeviceOf, TrainingStaysOnIt) {
  for (const auto& [checkpointing, adapters] : {std::pair{false, false}, {true, true}}) {
    const auto model = this->on_meta(checkpointing, adapters);
    const DeviceWatch watch;
    model->answer_loss(this->inputs(*model)).mean().mean().backward();
    int trained = 0;
    for (const auto& [name, parameter] : model->named_parameters()) {
      EXPECT_TRUE(parameter.is_meta()) << name;
      if (!parameter.requires_grad()) continue;
      ++trained;
      EXPECT_TRUE(!parameter.grad().defined() || parameter.grad().is_meta()) << name;
    }
    EXPECT_GT(trained, 0);
    EXPECT_THAT(watch.mixed(), IsEmpty());
    EXPECT_GT(watch.seen(), 300);
  }
}

TYPED_TEST(DeviceOf, AnswersStayOnIt) {
  const auto model = this->on_meta(false, true);
  const torch::NoGradGuard no_gradients;
  const DeviceWatch watch;
  EXPECT_TRUE(model->logits(this->inputs(*model)).is_meta());
  const auto prefix = model->prefill(this->inputs(*model));
  EXPECT_TRUE(model->prompt_features(*prefix).is_meta());
  int before = watch.seen();
  EXPECT_EQ(model->score_continuations(*prefix, {{"red", "a blue"}, {"x"}, {"y"}})[0].size(), 2U);
  EXPECT_GT(watch.seen(), before + 50);
  before = watch.seen();
  std::vector<RandomStream> streams(3, RandomStream(1, "test"));
  EXPECT_EQ(model->sample_answers(*prefix, 2, 4, 1.0, streams)[2].size(), 2U);
  EXPECT_GT(watch.seen(), before + 50);
  before = watch.seen();
  model->stream_answer(*model->prefill({this->inputs(*model)[1]}), {1.0, 0.9}, 4, streams[0],
                       [](std::string_view) {});
  EXPECT_GT(watch.seen(), before + 50);
  EXPECT_THAT(watch.mixed(), IsEmpty());
}

}  // namespace
}  // namespace winnow
