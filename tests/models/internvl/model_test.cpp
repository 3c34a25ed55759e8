// InternVL3 behind the common interface: batches, prefixes, checkpoints, mistakes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/optim.h>

#include <opencv2/imgproc.hpp>

#include "config/bind.h"
#include "core/errors.h"
#include "core/files.h"
#include "models/internvl/model_fixture.h"
#include "models/micro_fixture.h"
#include "models/safetensors.h"
#include "temporary_folder.h"

namespace winnow::internvl {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::noise_frames;
using testing_support::question_sample;

Options tiny_options() {
  Options options = testing_support::tiny_internvl_options();
  options.heads = 4;
  options.key_value_heads = 2;
  options.mlp_ratio = 2;
  options.vision_layers = 2;
  options.vision_heads = 2;
  options.maximum_length = 128;
  return options;
}

std::unique_ptr<Model> tiny_model(Options options = tiny_options(), std::uint64_t seed = 1) {
  auto model = std::make_unique<Model>(std::move(options));
  model->initialise_from({"what colour is it", "red", "blue", "what colour is it", "green"}, seed);
  return model;
}

// An input about one picture of noise (frames = 1) or a clip.
ModelInput noise_input(Model& model, std::int64_t frames, const std::string& answer,
                       std::uint64_t seed) {
  return model.input(question_sample("sample " + std::to_string(seed), answer),
                     model.encode_vision({model.preprocess(noise_frames(frames, seed))}));
}

template <class Error>
std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

class InternVlModelTest : public testing::Test {
 protected:
  fs::path folder_ = testing_support::temporary_folder();
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
};

TEST_F(InternVlModelTest, MediaShowInTheTextAsTheirTiles) {
  const auto model = tiny_model();
  const ModelInput clip = noise_input(*model, 3, "red", 1);
  EXPECT_THAT(model->tokenizer().decode(clip.tokens),
              testing::StartsWith("<|im_start|>user\nFrame1: <img><IMG_CONTEXT><IMG_CONTEXT>"
                                  "<IMG_CONTEXT><IMG_CONTEXT></img>\nFrame2: <img>"));
  EXPECT_EQ(clip.visual[0].tokens.size(0), 12);
  EXPECT_TRUE(clip.visual[0].layout.video);
  // A wide picture: two tiles and its thumbnail.
  Frames wide = noise_frames(1, 2);
  cv::resize(wide.images[0], wide.images[0], cv::Size(128, 64));
  const PreprocessedMedium picture = model->preprocess(wide);
  EXPECT_EQ(picture.layout.grid, std::vector<std::int64_t>{3});
  EXPECT_FALSE(picture.layout.video);
  EXPECT_EQ(model->encode_vision({picture})[0].tokens.size(0), 12);
  const ModelInput blind = model->blind_input(question_sample("a", "red"));
  EXPECT_TRUE(blind.visual.empty());
  EXPECT_EQ(std::count(blind.tokens.begin(), blind.tokens.end(), model->config().image_token), 0);
}

TEST_F(InternVlModelTest, LossDoesNotDependOnTheBatch) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const std::vector<ModelInput> inputs = {noise_input(*model, 1, "red", 1),
                                          noise_input(*model, 4, "blue green", 2),
                                          model->blind_input(question_sample("c", "green", false))};
  const AnswerLoss together = model->answer_loss(inputs);
  const torch::Tensor logits = model->logits(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const AnswerLoss alone = model->answer_loss({inputs[i]});
    const auto row = static_cast<std::int64_t>(i);
    EXPECT_NEAR(together.sum[row].item<double>(), alone.sum[0].item<double>(), 1e-5);
    EXPECT_EQ(together.count[row].item<double>(), alone.count[0].item<double>());
    EXPECT_TRUE(torch::allclose(logits[row].slice(0, 0, inputs[i].length()),
                                model->logits({inputs[i]})[0], 1e-5, 1e-6));
  }
}

TEST_F(InternVlModelTest, FeaturesDoNotDependOnTheOtherMedia) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const PreprocessedMedium a = model->preprocess(noise_frames(1, 1));
  const PreprocessedMedium b = model->preprocess(noise_frames(3, 2));
  const auto together = model->encode_vision({a, b});
  EXPECT_TRUE(torch::allclose(together[0].tokens, model->encode_vision({a})[0].tokens, 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(together[1].tokens, model->encode_vision({b})[0].tokens, 1e-5, 1e-6));
}

TEST_F(InternVlModelTest, SharedPrefixScoresAsTheWholeForwardDoes) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const std::vector<std::string> answers = {"red", "blue green", "unknown", ""};
  const std::vector<ModelInput> prompts = {noise_input(*model, 4, "red", 4),
                                           noise_input(*model, 1, "x", 5)};
  const std::unique_ptr<Prefix> prefix = model->prefill(prompts);
  // Twice: a prefix is not used up.
  for (int round = 0; round < 2; ++round) {
    const auto scores = model->score_continuations(*prefix, {answers, answers});
    for (std::size_t b = 0; b < prompts.size(); ++b) {
      for (std::size_t k = 0; k < answers.size(); ++k) {
        const ModelInput whole = noise_input(*model, b == 0 ? 4 : 1, answers[k], 4 + b);
        const torch::Tensor log_probabilities = torch::log_softmax(model->logits({whole}), 2)[0];
        // The end of turn is scored, the line break after it is not.
        double expected = 0.0;
        std::int64_t count = 0;
        for (std::size_t t = 1; t + 1 < whole.labels.size(); ++t) {
          if (whole.labels[t] == -100) continue;
          expected +=
              log_probabilities[static_cast<std::int64_t>(t) - 1][whole.labels[t]].item<double>();
          ++count;
        }
        EXPECT_NEAR(scores[b][k].first, expected, 1e-4) << answers[k];
        EXPECT_EQ(scores[b][k].second, count);
      }
    }
  }
  EXPECT_EQ(model->prompt_features(*prefix).sizes(), (std::vector<std::int64_t>{2, 24}));
}

TEST_F(InternVlModelTest, SampledAnswersDependOnTheirStreamAlone) {
  const auto model = tiny_model();
  const ModelInput a = noise_input(*model, 3, "red", 7), b = noise_input(*model, 1, "red", 8);
  const auto sample = [&](const std::vector<ModelInput>& inputs,
                          const std::vector<std::string>& names) {
    std::vector<RandomStream> streams;
    for (const std::string& name : names) streams.emplace_back(5, name);
    return model->sample_answers(*model->prefill(inputs), 5, 6, 1.0, streams);
  };
  const auto together = sample({a, b}, {"a", "b"});
  EXPECT_EQ(sample({b}, {"b"})[0], together[1]);
  EXPECT_EQ(sample({a}, {"a"})[0], together[0]);
  EXPECT_NE(sample({a}, {"c"})[0], together[0]);
  EXPECT_EQ(together[0].size(), 5U);
}

TEST_F(InternVlModelTest, StreamsTheLikeliestAnswer) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const ModelInput input = noise_input(*model, 2, "red", 9);
  RandomStream stream(1, "s");
  std::string streamed;
  model->stream_answer(*model->prefill({input}), {.temperature = 0.0}, 5, stream,
                       [&](std::string_view piece) { streamed += piece; });
  // Token by token from whole forward passes.
  std::size_t begin = 0;
  while (input.labels[begin] == -100) ++begin;
  ModelInput sequence = input;
  sequence.tokens.resize(begin);
  std::vector<std::int64_t> answer;
  for (int step = 0; step < 5; ++step) {
    sequence.labels.assign(sequence.tokens.size(), -100);
    const auto token = model->logits({sequence})[0][-1].argmax().item<std::int64_t>();
    if (token == model->tokenizer().end_of_turn()) break;
    sequence.tokens.push_back(token);
    answer.push_back(token);
  }
  EXPECT_EQ(streamed, model->tokenizer().decode(answer));
}

TEST_F(InternVlModelTest, TrainingLowersTheLossAndComesBackToTheBit) {
  const auto model = tiny_model();
  std::vector<torch::Tensor> parameters;
  for (const auto& [name, parameter] : model->named_parameters()) parameters.push_back(parameter);
  torch::optim::AdamW optimizer(parameters, torch::optim::AdamWOptions(1e-2));
  double first = 0.0, last = 0.0;
  for (int step = 0; step < 8; ++step) {
    optimizer.zero_grad();
    const torch::Tensor loss =
        model->answer_loss({noise_input(*model, 1, "red", 1), noise_input(*model, 2, "blue", 2)})
            .mean()
            .mean();
    loss.backward();
    optimizer.step();
    (step == 0 ? first : last) = loss.item<double>();
  }
  EXPECT_LT(last, 0.7 * first);
  for (const auto& [name, parameter] : model->named_parameters()) {
    EXPECT_TRUE(parameter.grad().defined()) << name;
  }

  model->save(folder_);
  Model loaded(tiny_options());
  loaded.load(folder_);
  EXPECT_EQ(weights_digest(loaded), weights_digest(*model));
  EXPECT_EQ(weights_digest(*model->clone()), weights_digest(*model));
  EXPECT_NE(weights_digest(*tiny_model()), weights_digest(*model));
  EXPECT_EQ(loaded.blind_input(question_sample("a", "red")).tokens,
            model->blind_input(question_sample("a", "red")).tokens);

  // As a checkpoint of its own, and what is saved again is the same file by file.
  Options by_path;
  by_path.path = folder_;
  Model opened(by_path);
  opened.load(folder_);
  EXPECT_EQ(weights_digest(opened), weights_digest(*model));
  const fs::path again = folder_ / "again";
  opened.save(again);
  for (const auto& file : fs::directory_iterator(again)) {
    EXPECT_EQ(read_file(file.path()), read_file(folder_ / file.path().filename())) << file.path();
  }
}

TEST_F(InternVlModelTest, FrozenGroupsStay) {
  Options options = tiny_options();
  options.freeze = {Group::vision, Group::text};
  const auto model = tiny_model(options);
  EXPECT_FALSE(model->vision_is_trainable());
  EXPECT_FALSE(noise_input(*model, 1, "red", 1).visual[0].tokens.requires_grad());
  model->answer_loss({noise_input(*model, 2, "red", 1)}).sum.sum().backward();
  for (const auto& [name, parameter] : model->named_parameters()) {
    EXPECT_EQ(parameter.grad().defined(), name.starts_with("projector.")) << name;
  }
}

TEST_F(InternVlModelTest, RunsInHalfPrecision) {
  Options options = tiny_options();
  options.precision = Precision::bfloat16;
  const auto model = tiny_model(options);
  const auto exact = tiny_model();
  const torch::NoGradGuard no_grad;
  EXPECT_NEAR(model->answer_loss({noise_input(*model, 2, "red", 1)}).mean().item<double>(),
              exact->answer_loss({noise_input(*exact, 2, "red", 1)}).mean().item<double>(), 0.05);
  std::vector<RandomStream> streams = {RandomStream(1, "test")};
  const auto prefix = model->prefill({noise_input(*model, 2, "red", 1)});
  EXPECT_EQ(model->sample_answers(*prefix, 2, 3, 1.0, streams)[0].size(), 2U);
  model->save(folder_);
  EXPECT_EQ(read_safetensors(folder_ / "model.safetensors").begin()->second.scalar_type(),
            torch::kBFloat16);
  EXPECT_THAT(read_file(folder_ / "config.json"), HasSubstr("\"dtype\":\"bfloat16\""));
}

TEST_F(InternVlModelTest, RefusesOptionsThatContradict) {
  const auto message = [](const std::function<void(Options&)>& change) {
    Options options = tiny_options();
    change(options);
    return refusal<ConfigError>([&] { tiny_model(options); });
  };
  EXPECT_THAT(message([](Options& o) { o.heads = 5; }), HasSubstr("model.heads = 5"));
  EXPECT_THAT(message([](Options& o) { o.key_value_heads = 3; }), HasSubstr("does not divide"));
  EXPECT_THAT(message([](Options& o) { o.tile_size = 20; }), HasSubstr("model.tile_size = 20"));
  EXPECT_THAT(message([](Options& o) { o.vision_heads = 3; }), HasSubstr("model.vision_heads"));
  EXPECT_THAT(message([](Options& o) {
                o.minimum_tiles = 5;
                o.maximum_tiles = 2;
              }),
              HasSubstr("model.minimum_tiles = 5 is above"));
  EXPECT_THAT(message([](Options& o) { o.path = "somewhere"; }), HasSubstr("trained weights"));
}

TEST_F(InternVlModelTest, RefusesFoldersThatAreNotIts) {
  tiny_model()->save(folder_);
  const auto message = [&](const Options& options) {
    return refusal<DataError>([&] { Model(options).load(folder_); });
  };
  Options wider = tiny_options();
  wider.width = 32;
  EXPECT_THAT(message(wider), HasSubstr("describes another model"));
  const auto with = [&](const std::string& file, const std::string& from, const std::string& to) {
    const std::string good = read_file(folder_ / file);
    std::string bad = good;
    const std::size_t at = bad.find(from);
    if (at == std::string::npos) throw std::logic_error("no '" + from + "' in " + file);
    write_file(folder_ / file, bad.replace(at, from.size(), to));
    Options by_path;
    by_path.path = folder_;
    const std::string found = message(by_path);
    write_file(folder_ / file, good);
    return found;
  };
  EXPECT_THAT(with("preprocessor_config.json", "\"height\":16", "\"height\":32"),
              testing::AllOf(HasSubstr("size.height is 32"), HasSubstr("image_size")));
  EXPECT_THAT(with("preprocessor_config.json", "\"max_patches\":4", "\"max_patches\":0"),
              HasSubstr("max_patches is 0"));
  EXPECT_THAT(with("config.json", "\"image_token_id\":", "\"image_token_id\":1"),
              HasSubstr("image_token_id"));
  EXPECT_THAT(with("config.json", "\"model_type\":\"internvl\"", "\"model_type\":\"llava\""),
              HasSubstr("model_type is \"llava\""));
  EXPECT_THAT(with("tokenizer.json", "</img>", "</gmi>"), HasSubstr("</img>"));
  const std::string weights = read_file(folder_ / "model.safetensors");
  write_file(folder_ / "model.safetensors", weights.substr(0, weights.size() / 2));
  EXPECT_THAT(message(tiny_options()), HasSubstr("model.safetensors"));
  fs::remove(folder_ / "config.json");
  EXPECT_THAT(message(tiny_options()), HasSubstr("no config.json"));
}

TEST_F(InternVlModelTest, RefusesConversationsThatAreTooLong) {
  const auto model = tiny_model();
  EXPECT_THAT(refusal<DataError>([&] {
                model->blind_input(question_sample("the long one", std::string(200, '!')));
              }),
              testing::AllOf(HasSubstr("the long one"), HasSubstr("model.maximum_length is 128")));
}

TEST_F(InternVlModelTest, IsRegistered) {
  EXPECT_THAT(models().names(), testing::Contains("internvl"));
}

}  // namespace
}  // namespace winnow::internvl
