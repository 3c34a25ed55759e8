// LoRA on both families of real models.

#include "models/lora.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/optim.h>

#include <boost/json.hpp>
#include <set>

#include "config/bind.h"
#include "config/read.h"
#include "core/errors.h"
#include "core/files.h"
#include "models/internvl/model_fixture.h"
#include "models/qwen3_vl/model_fixture.h"
#include "models/safetensors.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::HasSubstr;
using testing_support::noise_tokens;
using testing_support::question_sample;
using testing_support::refusal;

struct Qwen3Vl {
  using Model = qwen3_vl::Model;
  static qwen3_vl::Options options() {
    qwen3_vl::Options result = testing_support::tiny_qwen3_vl_options();
    result.layers = 3;  // what the second deepstack merger adds after layer 2 is seen by layer 3
    return result;
  }
  static qwen3_vl::Options text_only() {
    qwen3_vl::Options result = options();
    result.freeze = {Group::vision, Group::projector};
    return result;
  }
  static constexpr const char* module = "model.language_model.layers.1.self_attn.q_proj";
  static std::vector<std::string> targets() { return {"q_proj", "up_proj"}; }
};

struct InternVl {
  using Model = internvl::Model;
  static internvl::Options options() { return testing_support::tiny_internvl_options(); }
  static internvl::Options text_only() {
    internvl::Options result = options();
    result.freeze = {Group::vision, Group::projector};
    return result;
  }
  static constexpr const char* module = "language_model.model.layers.1.self_attn.q_proj";
  // The tower has a q_proj as well.
  static std::vector<std::string> targets() { return {"self_attn.q_proj", "up_proj"}; }
};

template <class Family>
class Lora : public testing::Test {
 protected:
  using Model = typename Family::Model;
  using Options = decltype(Family::options());

  fs::path folder_ = testing_support::temporary_folder();
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static Options with(Options options, std::vector<std::string> layers = {"query", "up"},
                      std::int64_t rank = 4) {
    options.lora.rank = rank;
    options.lora.alpha = 6.0;
    options.lora.layers = std::move(layers);
    return options;
  }
  static std::unique_ptr<Model> fresh(const Options& options) {
    auto model = std::make_unique<Model>(options);
    model->initialise_from({"what colour is it", "red", "blue", "what colour is it"}, 1);
    return model;
  }
  static std::unique_ptr<Model> opened(const Options& options, const fs::path& folder) {
    auto model = std::make_unique<Model>(options);
    model->load(folder);
    return model;
  }
  static std::vector<ModelInput> questions(Model& model) {
    return {model.input(question_sample("a", "red"), {noise_tokens(model, 1, 1)}),
            model.input(question_sample("b", "blue"), {noise_tokens(model, 3, 2)})};
  }
  static torch::Tensor logits(Model& model) {
    const torch::NoGradGuard no_grad;
    return model.logits(questions(model));
  }
  // The mean loss before each step.
  static std::vector<double> train(Model& model, int steps) {
    std::vector<torch::Tensor> trained;
    for (const auto& [name, parameter] : model.named_parameters()) {
      if (parameter.requires_grad()) trained.push_back(parameter);
    }
    torch::optim::AdamW optimizer(trained, torch::optim::AdamWOptions(2e-2).weight_decay(0.0));
    std::vector<double> losses;
    for (int step = 0; step < steps; ++step) {
      optimizer.zero_grad();
      const torch::Tensor loss = model.answer_loss(questions(model)).mean().mean();
      loss.backward();
      optimizer.step();
      losses.push_back(loss.template item<double>());
    }
    return losses;
  }
  static bool is_adapter(const std::string& name) { return name.find(".lora_") != name.npos; }
};

using Families = testing::Types<Qwen3Vl, InternVl>;
TYPED_TEST_SUITE(Lora, Families);

TYPED_TEST(Lora, ChangesNothingBeforeTraining) {
  const auto plain = this->fresh(TypeParam::options());
  const auto adapted = this->fresh(this->with(TypeParam::options(), {"query", "output", "down"}));
  EXPECT_TRUE(torch::equal(this->logits(*plain), this->logits(*adapted)));
  EXPECT_NE(weights_digest(*plain), weights_digest(*adapted));  // it covers the adapters
  EXPECT_EQ(weights_digest(*adapted), weights_digest(*adapted->clone()));
  const auto parameters = adapted->named_parameters();
  for (const auto& [name, parameter] : plain->named_parameters()) {
    EXPECT_FALSE(this->is_adapter(name)) << name;
  }
  std::set<std::string> names;
  for (const auto& [name, parameter] : parameters) {
    names.insert(name);
    EXPECT_EQ(parameter.requires_grad(), this->is_adapter(name)) << name;
    if (!this->is_adapter(name)) continue;
    EXPECT_EQ(parameter.abs().max().template item<double>() == 0.0, name.ends_with(".lora_B"));
  }
  EXPECT_EQ(names.size(), parameters.size());
  EXPECT_EQ(names.count("text.layers.1.query.lora_A"), 1U);
}

TYPED_TEST(Lora, TrainingMovesAdaptersAlone) {
  for (const auto& options : {TypeParam::options(), TypeParam::text_only()}) {
    const auto model = this->fresh(this->with(options, {"query", "up", "output"}));
    const auto before = model->clone();
    const std::vector<double> losses = this->train(*model, 20);
    // From near log(vocabulary); frozen random embeddings leave little to learn.
    EXPECT_LT(losses.back(), losses.front() - 0.1);
    const auto now = model->named_parameters(), then = before->named_parameters();
    std::size_t adapters = 0;
    for (std::size_t i = 0; i < now.size(); ++i) {
      EXPECT_EQ(torch::equal(now[i].second, then[i].second), !this->is_adapter(now[i].first))
          << now[i].first;
      if (!this->is_adapter(now[i].first)) continue;
      ++adapters;
      // Frozen groups get none.
      EXPECT_TRUE(options.freeze.empty() || now[i].first.starts_with("text.")) << now[i].first;
    }
    EXPECT_GT(adapters, 0U);
    EXPECT_EQ(weights_digest(*model->clone()), weights_digest(*model));
  }
}

TYPED_TEST(Lora, IsSavedInPeftsFormatAndComesBackToTheBit) {
  const auto options = this->with(TypeParam::text_only());
  const auto model = this->fresh(options);
  this->train(*model, 3);
  model->save(this->folder_);
  const fs::path adapter = this->folder_ / "adapter";

  const json::object config = json::parse(read_file(adapter / "adapter_config.json")).as_object();
  EXPECT_EQ(config.at("peft_type"), "LORA");
  EXPECT_EQ(config.at("r"), 4);
  EXPECT_EQ(config.at("lora_alpha"), 6);
  EXPECT_EQ(json::value_to<std::vector<std::string>>(config.at("target_modules")),
            TypeParam::targets());
  const auto tensors = read_safetensors(adapter / "adapter_model.safetensors");
  EXPECT_EQ(tensors.size(),
            static_cast<std::size_t>(options.layers) * 2 * 2);  // query and up, A and B
  const std::string name = std::string("base_model.model.") + TypeParam::module;
  const std::int64_t width = options.width;
  EXPECT_EQ(tensors.at(name + ".lora_A.weight").sizes(), (std::vector<std::int64_t>{4, width}));
  EXPECT_EQ(tensors.at(name + ".lora_B.weight").sizes(), (std::vector<std::int64_t>{width, 4}));
  // The model beside it is the base as it was.
  for (const auto& [tensor_name, tensor] : read_safetensors(this->folder_ / "model.safetensors")) {
    EXPECT_EQ(tensor_name.find("lora"), std::string::npos);
  }

  const auto again = this->opened(options, this->folder_);
  EXPECT_EQ(weights_digest(*again), weights_digest(*model));
  EXPECT_TRUE(torch::equal(this->logits(*again), this->logits(*model)));
  again->save(this->folder_ / "again");
  for (const char* file : {"adapter_config.json", "adapter_model.safetensors"}) {
    EXPECT_EQ(read_file(this->folder_ / "again" / "adapter" / file), read_file(adapter / file));
  }
}

TYPED_TEST(Lora, IsMergedWhereNoneIsAskedFor) {
  const auto model = this->fresh(this->with(TypeParam::options()));
  this->train(*model, 5);
  model->save(this->folder_);
  const auto merged = this->opened(TypeParam::options(), this->folder_);
  const auto plain = this->fresh(TypeParam::options());
  EXPECT_EQ(merged->named_parameters().size(), plain->named_parameters().size());
  EXPECT_TRUE(torch::allclose(this->logits(*merged), this->logits(*model), 1e-4, 1e-5));
  EXPECT_FALSE(torch::allclose(this->logits(*plain), this->logits(*model), 1e-2, 1e-3));
  merged->save(this->folder_ / "merged");
  EXPECT_FALSE(fs::exists(this->folder_ / "merged" / "adapter"));
}

TYPED_TEST(Lora, AThawedFamilyTrainsEverythingAndHasNoAdapters) {
  auto options = this->with(TypeParam::options());
  options.freeze = {Group::vision, Group::projector};
  const auto model = this->fresh(options);
  this->train(*model, 5);
  model->save(this->folder_);
  const CheckpointFamily<typename TypeParam::Model, decltype(options)> family(options);
  EXPECT_FALSE(family.vision_is_trainable());
  const auto thawed = family.thawed();
  EXPECT_TRUE(thawed->vision_is_trainable());
  EXPECT_EQ(thawed->published_sampling().maximum_frames,
            family.published_sampling().maximum_frames);
  EXPECT_FALSE(thawed->pretrained());
  const auto made = thawed->create({"what colour is it"}, 1), read = thawed->load(this->folder_);
  const auto merged = this->opened(TypeParam::options(), this->folder_);
  EXPECT_EQ(weights_digest(*read), weights_digest(*merged));
  for (const VisionLanguageModel* all : {made.get(), read.get()}) {
    EXPECT_EQ(all->named_parameters().size(), merged->named_parameters().size());
    for (const auto& [name, parameter] : all->named_parameters()) {
      EXPECT_TRUE(parameter.requires_grad()) << name;
    }
  }
}

TYPED_TEST(Lora, PatternsThatFindNoLayerAreRefused) {
  const auto message = [&](const std::vector<std::string>& layers, bool text_only = false) {
    return refusal([&] {
      this->fresh(this->with(text_only ? TypeParam::text_only() : TypeParam::options(), layers));
    });
  };
  EXPECT_THAT(message({"query", "quary"}),
              testing::AllOf(HasSubstr("model.lora.layers: \"quary\""), HasSubstr("'query'")));
  EXPECT_THAT(message({"text.layers.7.query"}), HasSubstr("Did you mean 'text.layers.0.query'?"));
  EXPECT_THAT(message({"uery"}), HasSubstr("'query'"));  // whole words
  EXPECT_THAT(message({"?"}), HasSubstr("Known: down, "));
  EXPECT_THAT(message({"attention_norm"}), HasSubstr("neither the name nor the end"));
  EXPECT_THAT(message({"hidden"}), "nothing was refused");
  EXPECT_THAT(message({"hidden"}, true), HasSubstr("model.freeze"));
  EXPECT_THAT(message({}), HasSubstr("model.lora.layers is empty"));
  EXPECT_THROW(this->fresh(this->with(TypeParam::options(), {"quary"})), ConfigError);
}

TYPED_TEST(Lora, IsATableOfTheModelsOptions) {
  using Bound = typename TestFixture::Options;
  const auto bound = [](const std::string& text) {
    return config::bind<Bound>(config::parse_toml(text, "model.toml"), "model");
  };
  EXPECT_EQ(bound("").lora.rank, 0);  // off
  const Bound options = bound("lora = {rank = 8, layers = [\"text.layers.0.query\"]}");
  EXPECT_EQ(options.lora.rank, 8);
  EXPECT_EQ(options.lora.layers, std::vector<std::string>{"text.layers.0.query"});
  EXPECT_THAT(refusal([&] { bound("lora.rank = -1"); }), HasSubstr("model.lora.rank"));
}

TYPED_TEST(Lora, AdaptersThatDoNotFitAreRefused) {
  const auto options = this->with(TypeParam::options());
  this->fresh(options)->save(this->folder_);
  const fs::path config = this->folder_ / "adapter" / "adapter_config.json";
  const fs::path weights = this->folder_ / "adapter" / "adapter_model.safetensors";
  const auto message = [&](const auto& wanted) {
    return refusal([&] { this->opened(wanted, this->folder_); });
  };
  EXPECT_THAT(message(this->with(TypeParam::options(), {"query", "up"}, 8)),
              testing::AllOf(HasSubstr("r = 4"), HasSubstr("model.lora.rank = 8")));
  EXPECT_THAT(message(this->with(TypeParam::options(), {"query"})), HasSubstr("holds tensor"));
  EXPECT_THAT(message(this->with(TypeParam::options(), {"query", "up", "down"})),
              HasSubstr("lacks tensor"));
  const std::string good = read_file(config);
  for (const char* change : {R"({"peft_type": "IA3"})", R"({"peft_type": "LORA", "r": 0})",
                             R"({"peft_type": "LORA", "r": 4, "lora_alpha": 6, "use_dora": true})",
                             R"({"peft_type": "LORA", "modules_to_save": ["lm_head"]})"}) {
    write_file(config, change);
    EXPECT_THAT(message(TypeParam::options()), HasSubstr("adapter_config.json")) << change;
  }
  write_file(config, good);
  auto tensors = read_safetensors(weights);
  tensors["base_model.model.lm_head.lora_A.weight"] = torch::zeros({4, 4});
  write_safetensors(weights, tensors);
  EXPECT_THAT(message(TypeParam::options()), HasSubstr("lm_head.lora_A.weight"));
}

}  // namespace
}  // namespace winnow
