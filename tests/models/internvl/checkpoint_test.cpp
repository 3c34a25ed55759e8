// A checkpoint of InternVL3: its config and weights written, read, trained, and refused when
// something is wrong.

#include "models/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/optim.h>

#include <functional>

#include "core/errors.h"
#include "models/answer_loss.h"
#include "models/internvl/batch.h"
#include "models/internvl/positions.h"
#include "models/internvl/tiny_config.h"
#include "models/internvl/vision_tower.h"
#include "models/saved_weights.h"
#include "temporary_folder.h"

namespace winnow::internvl {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::save_weights;

torch::Tensor tiny_tiles(const Config& config, std::int64_t count) {
  const std::int64_t size = config.vision.tile_size;
  return torch::linspace(-1, 1, count * 3 * size * size).view({count, 3, size, size}).sin();
}

ModelInput tiny_input(const Config& config, const Weights& weights) {
  ModelInput input;
  input.tokens = {3, 38, 36, 36, 36, 36, 39, 5, 6, 7, 8, 9};
  input.labels.assign(input.tokens.size(), -100);
  std::copy(input.tokens.begin() + 7, input.tokens.end(), input.labels.begin() + 7);
  input.visual = {{encode_tiles(config, weights.vision, tiny_tiles(config, 1)).flatten(0, 1),
                   {{1}, {}, false}}};
  return input;
}

torch::Tensor hidden_states(const Config& config, const Weights& weights, const TextBatch& batch) {
  return decode_text(config.text, weights.text, batch.embeddings,
                     rotation(config.text, batch.positions, torch::kFloat32),
                     causal_mask(batch.padded.attention_mask, torch::kFloat32));
}

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const DataError& error) {
    return error.what();
  }
  return "nothing was refused";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("no '" + from + "' to replace");
  return text.replace(at, from.size(), to);
}

class InternVlCheckpointTest : public testing::Test {
 protected:
  fs::path folder_ = testing_support::temporary_folder();
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
};

TEST(InternVlConfigTest, ComesBackFromItsText) {
  for (const bool variant : {false, true}) {
    Config written = tiny_config(variant, variant);
    if (variant) written.text.rope_factor = 2.0;
    const std::string text = config_text(written);
    const Config config = parse_config(text, "config.json");
    EXPECT_EQ(config_text(config), text);
    EXPECT_EQ(config.tied, variant);
    EXPECT_EQ(config.vision.rms_norm, variant);
    EXPECT_EQ(config.text.rope_theta, 1e6);
    EXPECT_EQ(config.text.rope_factor, variant ? 2.0 : 1.0);
    EXPECT_EQ(config.merge_size, 2);
  }
}

TEST(InternVlConfigTest, ReadsOtherWaysToWriteTheSame) {
  std::string text = config_text(tiny_config(false));
  text = replaced(text, "\"rope_scaling\":null,\"rope_theta\":1E6",
                  "\"rope_parameters\":{\"rope_theta\":5000,\"rope_type\":\"dynamic\","
                  "\"factor\":2.0}");
  text = replaced(text, "\"image_size\":[16,16]", "\"image_size\":16");
  const Config config = parse_config(text, "config.json");
  EXPECT_EQ(config.text.rope_theta, 5000);
  EXPECT_EQ(config.text.rope_factor, 2.0);
  EXPECT_EQ(config.vision.tile_size, 16);
}

TEST(InternVlConfigTest, RefusesWhatItCannotBe) {
  const std::string good = config_text(tiny_config(false));
  const auto message = [&](const std::string& from, const std::string& to) {
    return refusal([&] { parse_config(replaced(good, from, to), "config.json"); });
  };
  using testing::AllOf;
  EXPECT_THAT(refusal([] { parse_config("[", "config.json"); }), HasSubstr("not a JSON object"));
  const std::string type = "\"model_type\":\"internvl\"";
  EXPECT_THAT(message(type, "\"model_type\":\"qwen3_vl\""),
              AllOf(HasSubstr("config.json: model_type is \"qwen3_vl\""), HasSubstr("internvl")));
  EXPECT_THAT(message(type, "\"model_type\":\"internvl_chat\""), HasSubstr("end in -hf"));
  EXPECT_THAT(message("\"model_type\":\"qwen2\"", "\"model_type\":\"llama\""),
              HasSubstr("text_config.model_type is \"llama\""));
  EXPECT_THAT(message("\"patch_size\":[4,4]", "\"patch_size\":[4,2]"),
              HasSubstr("two equal numbers"));
  EXPECT_THAT(message("\"patch_size\":[4,4]", "\"patch_size\":5"), HasSubstr("divisor"));
  EXPECT_THAT(message("\"layer_norm\"", "\"batch_norm\""),
              HasSubstr("\"layer_norm\" or \"rms_norm\""));
  EXPECT_THAT(message("\"use_mean_pooling\":true", "\"use_mean_pooling\":false"),
              HasSubstr("use_mean_pooling is false; it must be true"));
  EXPECT_THAT(message("\"downsample_ratio\":5E-1", "\"downsample_ratio\":0.4"),
              HasSubstr("4 patches per side"));
  EXPECT_THAT(message("\"image_seq_length\":4", "\"image_seq_length\":5"),
              HasSubstr("the 4 tokens"));
  EXPECT_THAT(message("\"image_token_id\":36", "\"image_token_id\":40"), HasSubstr("0 to 39"));
  EXPECT_THAT(message("\"vocab_size\":40", "\"vocab_size\":1e30"), HasSubstr("vocab_size"));
  EXPECT_THAT(message("\"rope_scaling\":null", "\"rope_scaling\":{\"rope_type\":\"yarn\"}"),
              HasSubstr("\"default\" or \"dynamic\""));
  EXPECT_THAT(message("\"vision_feature_layer\":-1", "\"vision_feature_layer\":-2"),
              HasSubstr("vision_feature_layer is -2"));
}

TEST_F(InternVlCheckpointTest, TrainsSavesAndComesBackToTheBit) {
  for (const bool variant : {false, true}) {
    const Config config = tiny_config(variant, variant);
    save_weights(config, random_weights(config, 1), folder_, 10'000);  // several files
    EXPECT_TRUE(fs::exists(folder_ / "model.safetensors.index.json"));
    Weights weights = load_weights(config, folder_);
    std::vector<torch::Tensor> parameters;
    for (const TableEntry& entry : tensor_table(config, weights)) {
      parameters.push_back(entry.tensor->requires_grad_(true));
    }
    torch::optim::AdamW optimizer(parameters, torch::optim::AdamWOptions(1e-2));
    double first = 0.0, last = 0.0;
    for (int step = 0; step < 10; ++step) {
      optimizer.zero_grad();
      const TextBatch batch = pack(config, weights, {tiny_input(config, weights)});
      const torch::Tensor loss = winnow::answer_loss(hidden_states(config, weights, batch),
                                                     weights.text.output(), batch.padded.labels)
                                     .mean()
                                     .sum();
      loss.backward();
      optimizer.step();
      (step == 0 ? first : last) = loss.item<double>();
    }
    EXPECT_LT(last, first / 2);
    fs::remove_all(folder_);
    save_weights(config, weights, folder_);
    Weights again = load_weights(config, folder_);
    const std::vector<TableEntry> ours = tensor_table(config, weights);
    const std::vector<TableEntry> theirs = tensor_table(config, again);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      EXPECT_TRUE(torch::equal(*ours[i].tensor, *theirs[i].tensor)) << ours[i].name;
    }
    fs::remove_all(folder_);
  }
}

TEST_F(InternVlCheckpointTest, RefusesWeightsThatDoNotFitTheConfig) {
  const Config config = tiny_config(false);
  save_weights(config, random_weights(config, 1), folder_);
  const auto message = [&](const Config& other) {
    return refusal([&] { load_weights(other, folder_); });
  };
  EXPECT_THAT(message(tiny_config(true)),
              HasSubstr("holds tensor 'language_model.lm_head.weight' with values of its own"));
  Config plain = config;
  plain.vision.attention_bias = false;
  EXPECT_THAT(message(plain), HasSubstr("k_proj.bias', for which an InternVL3"));
  Config other = config;
  other.text.layers = 3;
  EXPECT_THAT(message(other),
              HasSubstr("lacks tensor 'language_model.model.layers.2.input_layernorm"));
  other = config;
  other.text.intermediate_size = 33;
  EXPECT_THAT(message(other), HasSubstr("has shape [32, 24]; its config.json asks for [33, 24]"));
}

TEST_F(InternVlCheckpointTest, TakesATiedHeadThatIsWrittenTwice) {
  const Config config = tiny_config(true);
  const Weights weights = random_weights(config, 1);
  save_weights(config, weights, folder_);
  auto tensors = read_safetensors(folder_ / "model.safetensors");
  tensors["language_model.lm_head.weight"] = weights.text.token;
  write_safetensors(folder_ / "model.safetensors", tensors);
  EXPECT_FALSE(load_weights(config, folder_).text.head.defined());
}

TEST(InternVlTextTest, RefusesPlaceholdersWithoutTheirMedia) {
  const Config config = tiny_config(false);
  const Weights weights = random_weights(config, 1);
  ModelInput input = tiny_input(config, weights);
  input.visual[0].tokens = input.visual[0].tokens.slice(0, 0, 3);
  EXPECT_THAT(refusal([&] { pack(config, weights, {input}); }),
              HasSubstr("4 placeholders for 3 visual tokens"));
}

TEST(InternVlTextTest, OnlyLongSequencesTurnSlower) {
  TextConfig text = tiny_config(false).text;
  EXPECT_EQ(rope_theta(text, 1000), 1e6);
  text.rope_factor = 2.0;
  EXPECT_EQ(rope_theta(text, 64), 1e6);
  // (2 * 128 / 64 - 1) ^ (6 / 4) times as large.
  EXPECT_NEAR(rope_theta(text, 128), 1e6 * std::pow(3.0, 1.5), 1.0);

  // A long sequence does not change the short one beside it.
  const torch::NoGradGuard no_grad;
  Config config = tiny_config(false);
  config.text.rope_factor = 2.0;
  config.text.maximum_positions = 8;
  const Weights weights = random_weights(config, 1);
  const auto logits = [&](const Config& rule, const std::vector<ModelInput>& inputs) {
    return torch::linear(hidden_states(rule, weights, pack(rule, weights, inputs)),
                         weights.text.output());
  };
  std::vector<ModelInput> pair(2);
  for (std::int64_t t = 0; t < 12; ++t) {
    pair[0].tokens.push_back(t);
    if (t < 6) pair[1].tokens.push_back(12 + t);
  }
  const torch::Tensor both = logits(config, pair);
  EXPECT_TRUE(torch::allclose(both[1].slice(0, 0, 6), logits(config, {pair[1]})[0], 1e-5, 1e-6));
  Config plain = config;
  plain.text.rope_factor = 1.0;
  const torch::Tensor without = logits(plain, pair);
  EXPECT_TRUE(torch::allclose(both[1].slice(0, 0, 6), without[1].slice(0, 0, 6), 1e-5, 1e-6));
  EXPECT_FALSE(torch::allclose(both[0], without[0], 1e-5, 1e-7));
}

}  // namespace
}  // namespace winnow::internvl
