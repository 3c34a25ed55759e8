// A checkpoint folder of Qwen3-VL: written, read, trained, and refused when something is wrong.

#include "models/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/optim.h>

#include "core/errors.h"
#include "core/files.h"
#include "models/qwen3_vl/batch.h"
#include "models/qwen3_vl/positions.h"
#include "models/qwen3_vl/tiny_config.h"
#include "models/qwen3_vl/weights.h"
#include "models/saved_weights.h"
#include "temporary_folder.h"

namespace winnow::qwen3_vl {
namespace {

namespace fs = std::filesystem;
using testing_support::save_weights;

// Logits [S, V] of a question about a picture.
torch::Tensor tiny_logits(const Config& config, const Weights& weights) {
  const Grid grid = {1, 2, 4};
  const torch::Tensor patches =
      torch::linspace(-1, 1, 8 * config.vision.patch_values()).view({8, -1}).sin();
  ModelInput input;
  input.tokens = {3, 38, 36, 36, 39, 5, 6, 7, 8, 9};
  input.labels.assign(input.tokens.size(), -100);
  input.visual = {{side_by_side(encode_patches(config.vision, weights.vision, patches, {grid})),
                   layout_of(grid, false, {})}};
  const TextBatch batch = pack(config, weights, {input});
  const torch::Tensor hidden =
      decode_text(config.text, weights.text, batch.embeddings,
                  rotation(config.text, batch.positions, torch::kFloat32),
                  causal_mask(batch.padded.attention_mask, torch::kFloat32), batch.deepstack);
  return torch::linear(hidden, weights.text.output())[0];
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

class Qwen3VlCheckpointTest : public testing::Test {
 protected:
  fs::path folder_ = testing_support::temporary_folder();
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
};

TEST(Qwen3VlConfigTest, ComesBackFromItsText) {
  for (const bool tied : {false, true}) {
    const std::string text = config_text(tiny_config(tied));
    const Config config = parse_config(text, "config.json");
    EXPECT_EQ(config_text(config), text);
    EXPECT_EQ(config.tied, tied);
    EXPECT_EQ(config.text.rope_theta, 5e6);
    EXPECT_EQ(config.text.norm_epsilon, 1e-6);
  }
}

TEST(Qwen3VlConfigTest, ReadsRopeParametersInOnePlace) {
  std::string text = config_text(tiny_config(false));
  text = replaced(text, "\"rope_theta\":5E6,", "");
  text = replaced(text, "\"rope_scaling\":{", "\"rope_parameters\":{\"rope_theta\":1000000,");
  EXPECT_EQ(parse_config(text, "config.json").text.rope_theta, 1e6);
}

TEST(Qwen3VlConfigTest, RefusesWhatItCannotBe) {
  const std::string good = config_text(tiny_config(false));
  const auto message = [&](const std::string& from, const std::string& to) {
    return refusal([&] { parse_config(replaced(good, from, to), "config.json"); });
  };
  using testing::AllOf;
  using testing::HasSubstr;
  EXPECT_THAT(refusal([] { parse_config("[", "config.json"); }), HasSubstr("not a JSON object"));
  EXPECT_THAT(message("\"model_type\":\"qwen3_vl\",\"text", "\"model_type\":\"llama\",\"text"),
              AllOf(HasSubstr("config.json: model_type is \"llama\""), HasSubstr("qwen3_vl")));
  EXPECT_THAT(message("\"depth\":2", "\"depth\":-2"), HasSubstr("vision_config.depth is -2"));
  EXPECT_THAT(message("\"depth\":2,", ""), HasSubstr("vision_config.depth is missing"));
  EXPECT_THAT(message("\"vocab_size\":40", "\"vocab_size\":1e30"), HasSubstr("vocab_size"));
  EXPECT_THAT(message("\"num_heads\":2", "\"num_heads\":3"), HasSubstr("multiple of 4"));
  EXPECT_THAT(message("[2,2,2]", "[2,2,3]"), HasSubstr("head_dim / 2"));
  EXPECT_THAT(message("[2,2,2]", "[0,4,2]"), HasSubstr("mrope_section"));
  EXPECT_THAT(message("\"default\"", "\"yarn\""), HasSubstr("rope_type is \"yarn\""));
  EXPECT_THAT(message("\"image_token_id\":36", "\"image_token_id\":40"), HasSubstr("0 to 39"));
  EXPECT_THAT(message("\"out_hidden_size\":24", "\"out_hidden_size\":25"), HasSubstr("24"));
  EXPECT_THAT(message("\"num_position_embeddings\":16", "\"num_position_embeddings\":17"),
              HasSubstr("square"));
}

TEST_F(Qwen3VlCheckpointTest, TrainsSavesAndComesBackToTheBit) {
  for (const bool tied : {false, true}) {
    const Config config = tiny_config(tied);
    save_weights(config, random_weights(config, 1), folder_, 10'000);  // several files
    EXPECT_TRUE(fs::exists(folder_ / "model.safetensors.index.json"));
    Weights weights = load_weights(config, folder_);
    std::vector<torch::Tensor> parameters;
    for (const TableEntry& entry : tensor_table(config, weights)) {
      parameters.push_back(entry.tensor->requires_grad_(true));
    }
    torch::optim::AdamW optimizer(parameters, torch::optim::AdamWOptions(1e-2));
    const torch::Tensor answer = torch::tensor({5, 6, 7, 8, 9});
    double first = 0.0, last = 0.0;
    for (int step = 0; step < 10; ++step) {
      optimizer.zero_grad();
      const torch::Tensor loss =
          torch::cross_entropy_loss(tiny_logits(config, weights).slice(0, 4, 9), answer);
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

TEST_F(Qwen3VlCheckpointTest, ReadsHalfPrecisionFiles) {
  const Config config = tiny_config(true);
  Weights weights = random_weights(config, 1);
  for (const TableEntry& entry : tensor_table(config, weights)) {
    *entry.tensor = entry.tensor->to(torch::kBFloat16);
  }
  save_weights(config, weights, folder_);
  const Weights wide = load_weights(config, folder_);
  EXPECT_EQ(wide.text.token.scalar_type(), torch::kFloat32);
  EXPECT_TRUE(torch::equal(wide.text.token, weights.text.token.to(torch::kFloat32)));
  const Weights same = load_weights(config, folder_, torch::kBFloat16);
  EXPECT_TRUE(torch::equal(same.text.token, weights.text.token));
}

TEST_F(Qwen3VlCheckpointTest, RefusesWeightsThatDoNotFitTheConfig) {
  const Config config = tiny_config(false);
  save_weights(config, random_weights(config, 1), folder_);
  const auto message = [&](const Config& other) {
    return refusal([&] { load_weights(other, folder_); });
  };
  EXPECT_THAT(message(tiny_config(true)),
              testing::AllOf(testing::HasSubstr("holds tensor 'lm_head.weight'"),
                             testing::HasSubstr("tie_word_embeddings")));
  Config other = config;
  other.text.layers = 3;
  EXPECT_THAT(message(other),
              testing::HasSubstr("lacks tensor 'model.language_model.layers.2.input_layernorm"));
  other = config;
  other.text.intermediate_size = 33;
  EXPECT_THAT(message(other), testing::HasSubstr("has shape [32, 24]; its config.json asks for "
                                                 "[33, 24]"));
  auto tensors = read_safetensors(folder_ / "model.safetensors");
  tensors["lm_head.weight"] = tensors["lm_head.weight"].to(torch::kInt64);
  write_safetensors(folder_ / "model.safetensors", tensors);
  EXPECT_THAT(message(config), testing::HasSubstr("'lm_head.weight' holds Long"));
}

TEST(Qwen3VlPositionsTest, RefusesPlaceholdersWithoutTheirMedia) {
  const Config config = tiny_config(false);
  const auto message = [&](const std::vector<std::int64_t>& tokens, const std::vector<Grid>& images,
                           const std::vector<Grid>& videos) {
    return refusal([&] { position_ids(config, tokens, images, videos); });
  };
  EXPECT_THAT(message({1, 38, 36, 39}, {}, {}), testing::HasSubstr("is not there"));
  EXPECT_THAT(message({1, 38, 36, 39}, {{1, 2, 4}}, {}), testing::HasSubstr("need 2"));
  EXPECT_THAT(message({1, 2}, {{1, 2, 4}}, {}), testing::HasSubstr("0 images"));
  EXPECT_THAT(message({1, 38, 37, 37, 39}, {}, {{2, 2, 4}}), testing::HasSubstr("frame pairs"));
}

TEST(Qwen3VlPositionsTest, TextGoesOnAfterTheLargestPlaceOfAMedium) {
  const Config config = tiny_config(false);
  // Text, an image of 1 x 3 tokens, text.
  const Positions positions = position_ids(config, {1, 38, 36, 36, 36, 39, 2}, {{1, 2, 6}}, {});
  EXPECT_THAT(positions.time, testing::ElementsAre(0, 1, 2, 2, 2, 5, 6));
  EXPECT_THAT(positions.height, testing::ElementsAre(0, 1, 2, 2, 2, 5, 6));
  EXPECT_THAT(positions.width, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_EQ(positions.next, 7);
}

}  // namespace
}  // namespace winnow::qwen3_vl
