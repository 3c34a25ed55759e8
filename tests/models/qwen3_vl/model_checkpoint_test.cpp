// Checkpoint folders of Qwen3-VL behind the common interface, and its training.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/optim.h>

#include <set>

#include "core/files.h"
#include "models/attention.h"
#include "models/qwen3_vl/model.h"
#include "models/qwen3_vl/model_fixture.h"
#include "models/safetensors.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using qwen3_vl::Model;
using testing::HasSubstr;
using testing_support::noise_frames;
using testing_support::noise_question;
using testing_support::noise_tokens;
using testing_support::refusal;
using testing_support::tiny_qwen3_vl;
using testing_support::tiny_qwen3_vl_options;

class Qwen3VlFolder : public testing::Test {
 protected:
  fs::path folder_ = testing_support::temporary_folder();
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
};

TEST_F(Qwen3VlFolder, SavesAndLoadsToTheBit) {
  const auto model = tiny_qwen3_vl(3);
  model->save(folder_);
  for (const char* name : {"config.json", "tokenizer.json", "model.safetensors",
                           "preprocessor_config.json", "video_preprocessor_config.json"}) {
    EXPECT_TRUE(fs::exists(folder_ / name)) << name;
  }
  qwen3_vl::Options by_path;
  by_path.path = folder_;
  for (const qwen3_vl::Options& options : {tiny_qwen3_vl_options(), by_path}) {
    Model loaded(options);
    loaded.load(folder_);
    EXPECT_EQ(weights_digest(loaded), weights_digest(*model));
    const torch::NoGradGuard no_grad;
    const ModelInput ours = noise_question(*model, 3, "red", 1);
    const ModelInput theirs = noise_question(loaded, 3, "red", 1);
    EXPECT_EQ(ours.tokens, theirs.tokens);
    EXPECT_TRUE(torch::equal(model->logits({ours}), loaded.logits({theirs})));
    loaded.save(folder_ / "again");
    for (const auto& file : fs::directory_iterator(folder_ / "again")) {
      EXPECT_EQ(read_file(file.path()), read_file(folder_ / file.path().filename())) << file.path();
    }
    fs::remove_all(folder_ / "again");
  }
  EXPECT_EQ(weights_digest(*model->clone()), weights_digest(*model));
  EXPECT_NE(weights_digest(*tiny_qwen3_vl(4)), weights_digest(*model));
}

TEST_F(Qwen3VlFolder, RefusesFoldersThatDoNotFit) {
  const auto model = tiny_qwen3_vl();
  model->save(folder_);
  const auto message = [&](const qwen3_vl::Options& options) {
    return refusal([&] { Model(options).load(folder_); });
  };
  qwen3_vl::Options wider = tiny_qwen3_vl_options();
  wider.width = 64;
  EXPECT_THAT(message(wider), HasSubstr("describes another model"));
  qwen3_vl::Options by_path;
  by_path.path = folder_;
  EXPECT_THAT(refusal([&] { Model(by_path).initialise_from({}, 1); }), HasSubstr("model.path"));

  const std::string config = read_file(folder_ / "config.json");
  std::string other = config;
  other.replace(other.find("\"image_token_id\":"), 20, "\"image_token_id\":12,\"x\":3");
  write_file(folder_ / "config.json", other);
  EXPECT_THAT(message(by_path), HasSubstr("<|image_pad|> is token"));
  write_file(folder_ / "config.json", R"({"model_type": "internvl"})");
  EXPECT_THAT(message(by_path), HasSubstr("model_type is \"internvl\""));
  fs::remove(folder_ / "config.json");
  EXPECT_THAT(message(by_path), HasSubstr("no checkpoint folder"));
  write_file(folder_ / "config.json", config);

  write_file(folder_ / "preprocessor_config.json", R"({"patch_size": 14})");
  EXPECT_THAT(message(by_path), HasSubstr("patch_size is 14; it must be 8"));
  write_file(folder_ / "preprocessor_config.json", R"({"size": {"longest_edge": -3}})");
  EXPECT_THAT(message(by_path), HasSubstr("size.longest_edge is -3"));
  fs::remove(folder_ / "preprocessor_config.json");
  fs::resize_file(folder_ / "model.safetensors", fs::file_size(folder_ / "model.safetensors") / 2);
  EXPECT_THAT(message(by_path), HasSubstr("model.safetensors"));
}

TEST_F(Qwen3VlFolder, ATiedModelMayHoldItsOutputLayerTwice) {
  const auto model = tiny_qwen3_vl();
  model->save(folder_);
  auto tensors = read_safetensors(folder_ / "model.safetensors");
  tensors["lm_head.weight"] = tensors.at("model.language_model.embed_tokens.weight").clone();
  write_safetensors(folder_ / "model.safetensors", tensors);
  Model loaded(tiny_qwen3_vl_options());
  loaded.load(folder_);
  EXPECT_EQ(weights_digest(loaded), weights_digest(*model));
  tensors["lm_head.weight"][0][0] += 1.0;
  write_safetensors(folder_ / "model.safetensors", tensors);
  EXPECT_THAT(refusal([&] { loaded.load(folder_); }), HasSubstr("tie_word_embeddings"));
}

TEST_F(Qwen3VlFolder, BoundsComeFromTheFolderAndThenFromTheOptions) {
  tiny_qwen3_vl()->save(folder_);
  const auto grid = [&](const std::function<void(qwen3_vl::Options&)>& change) {
    qwen3_vl::Options options;
    options.path = folder_;
    change(options);
    Model model(options);
    model.load(folder_);
    return model.preprocess(noise_frames(1, 1)).layout.grid;
  };
  write_file(folder_ / "preprocessor_config.json",
             R"({"size": {"shortest_edge": 256, "longest_edge": 1024}})");
  EXPECT_EQ(grid([](auto&) {}), (std::vector<std::int64_t>{1, 4, 4}));
  EXPECT_EQ(grid([](auto& o) { o.maximum_pixels = 16384; }), (std::vector<std::int64_t>{1, 8, 8}));
  EXPECT_EQ(grid([](auto& o) {
              o.minimum_pixels = 16384;
              o.maximum_pixels = 16384;
            }),
            (std::vector<std::int64_t>{1, 16, 16}));
  EXPECT_THAT(refusal([&] { grid([](auto& o) { o.minimum_pixels = 2048; }); }),
              HasSubstr("model.minimum_pixels = 2048 is above model.maximum_pixels = 1024"));
}

// A few steps of plain descent on two answers.
void train(Model& model, int steps, double& first, double& last) {
  std::vector<torch::Tensor> parameters;
  for (const auto& [name, parameter] : model.named_parameters()) {
    if (parameter.requires_grad()) parameters.push_back(parameter);
  }
  torch::optim::AdamW optimizer(parameters, torch::optim::AdamWOptions(1e-2));
  for (int step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    const AnswerLoss loss = model.answer_loss(
        {noise_question(model, 1, "red", 1), noise_question(model, 4, "blue green", 2)});
    const torch::Tensor mean = loss.mean().mean();
    mean.backward();
    optimizer.step();
    (step == 0 ? first : last) = mean.item<double>();
  }
}

TEST_F(Qwen3VlFolder, LearnsAndComesBackToTheBit) {
  const auto model = tiny_qwen3_vl();
  double first = 0.0, last = 0.0;
  train(*model, 20, first, last);
  EXPECT_LT(last, first / 2);
  model->save(folder_);
  Model loaded(tiny_qwen3_vl_options());
  loaded.load(folder_);
  EXPECT_EQ(weights_digest(loaded), weights_digest(*model));
}

TEST(Qwen3VlTraining, FrozenGroupsStay) {
  for (const auto& [frozen, vision_moves] :
       std::vector<std::pair<std::vector<Group>, bool>>{{{}, true},
                                                        {{Group::vision}, true},
                                                        {{Group::vision, Group::projector}, false},
                                                        {{Group::text}, true}}) {
    qwen3_vl::Options options = tiny_qwen3_vl_options();
    options.freeze = frozen;
    const auto model = tiny_qwen3_vl(1, options);
    EXPECT_EQ(model->vision_is_trainable(), vision_moves);
    EXPECT_EQ(noise_tokens(*model, 2, 1).tokens.requires_grad(), vision_moves);
    const auto before = model->clone();
    double first = 0.0, last = 0.0;
    train(*model, 2, first, last);
    std::set<Group> moved;
    const auto ours = model->named_parameters(), old = before->named_parameters();
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const Group group = qwen3_vl::group_of(ours[i].first);
      if (!torch::equal(ours[i].second, old[i].second)) moved.insert(group);
      EXPECT_EQ(ours[i].second.requires_grad(), !options.freezes(group)) << ours[i].first;
    }
    EXPECT_EQ(moved.size() + frozen.size(), 3U);
  }
}

TEST_F(Qwen3VlFolder, SizesThatNoPictureHasAreRefused) {
  tiny_qwen3_vl()->save(folder_);
  const auto message = [&](const std::string& size) {
    write_file(folder_ / "preprocessor_config.json", "{\"size\": " + size + "}");
    return refusal([&] {
      qwen3_vl::Options options;
      options.path = folder_;
      Model(options).load(folder_);
    });
  };
  EXPECT_THAT(message(R"({"longest_edge": 1000000000000000000, "shortest_edge": 65536})"),
              HasSubstr("preprocessor_config.json: size.longest_edge is 1000000000000000000; it "
                        "must be a whole number from 1 to 1099511627776"));
  EXPECT_THAT(message(R"({"longest_edge": 1000000000000, "shortest_edge": 100000000000})"),
              HasSubstr("size.shortest_edge is 100000000000; it must be a whole number from 1 to "
                        "67108864"));
  EXPECT_THAT(message(R"({"longest_edge": 1e400, "shortest_edge": 65536})"),
              HasSubstr("preprocessor_config.json: "));
}

TEST_F(Qwen3VlFolder, LargePicturesAreSeenInPartsAsTheyAreWhole) {
  const auto model = tiny_qwen3_vl();
  const auto loss = [&] {
    for (const auto& [name, parameter] : model->named_parameters()) {
      torch::Tensor(parameter).mutable_grad() = torch::Tensor();
    }
    const torch::Tensor sum =
        model->answer_loss({testing_support::noise_question(*model, 3, "red", 1)}).sum;
    sum.backward();
    return sum.item<double>();
  };
  const double whole = loss();
  std::vector<torch::Tensor> gradients;
  for (const auto& [name, parameter] : model->named_parameters()) {
    gradients.push_back(parameter.grad().clone());
  }
  const AttentionMemory little(2048);
  EXPECT_NEAR(loss(), whole, 1e-5);
  std::size_t next = 0;
  for (const auto& [name, parameter] : model->named_parameters()) {
    EXPECT_TRUE(torch::allclose(parameter.grad(), gradients[next++], 1e-4, 1e-6)) << name;
  }
}

TEST_F(Qwen3VlFolder, HalfPrecisionRunsAndIsSavedAsSuch) {
  tiny_qwen3_vl()->save(folder_);
  qwen3_vl::Options options;
  options.path = folder_;
  options.precision = Precision::bfloat16;
  Model model(options);
  model.load(folder_);
  const auto wide = tiny_qwen3_vl();
  const torch::NoGradGuard no_grad;
  const double half = model.answer_loss({noise_question(model, 3, "red", 1)}).sum.item<double>();
  const double full = wide->answer_loss({noise_question(*wide, 3, "red", 1)}).sum.item<double>();
  EXPECT_NEAR(half, full, 0.02 * full);
  std::vector<RandomStream> streams = {RandomStream(1, "test")};
  const auto prefix = model.prefill({noise_question(model, 3, "red", 1)});
  EXPECT_EQ(model.sample_answers(*prefix, 2, 3, 1.0, streams)[0].size(), 2U);
  model.save(folder_ / "half");
  EXPECT_EQ(SafetensorsFile(folder_ / "half" / "model.safetensors").entries().begin()->second.type,
            torch::kBFloat16);
  EXPECT_THAT(read_file(folder_ / "half" / "config.json"), HasSubstr("\"bfloat16\""));
}

}  // namespace
}  // namespace winnow
