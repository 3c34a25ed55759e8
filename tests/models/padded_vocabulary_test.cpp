// Answers of models whose vocabulary is larger than their tokenizer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "config/value.h"
#include "core/errors.h"
#include "models/byte_pair_tokenizer.h"
#include "models/micro_fixture.h"
#include "models/model_family.h"
#include "models/padded_checkpoint.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing_support::pad_vocabulary;

constexpr std::int64_t kPadding = 32;
constexpr double kLoud = 100.0;  // logits of one or the other half are far above all others

class PaddedVocabularyTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    model_->save(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::unique_ptr<ModelFamily> family(const fs::path& path) {
    const config::Origin origin{"test", 1};
    config::Value table;
    table.set("type", {std::string(GetParam()), origin});
    table.set("path", {path.string(), origin});
    for (const auto& [key, value] :
         {std::pair{"width", 32}, std::pair{"layers", 2}, std::pair{"vision_width", 16},
          std::pair{"patch_size", 8}, std::pair{"vocabulary_tokens", 300}}) {
      table.set(key, {std::int64_t{value}, origin});
    }
    return models().create(table, "model");
  }
  std::unique_ptr<VisionLanguageModel> loaded() const { return family(folder_)->load(folder_); }

  static std::vector<ModelInput> prompts(const VisionLanguageModel& model) {
    return {model.blind_input(testing_support::question_sample("a", "red", false)),
            model.blind_input(testing_support::question_sample("b", "blue", false))};
  }
  static std::vector<std::vector<std::string>> sampled(VisionLanguageModel& model,
                                                       double temperature) {
    std::vector<RandomStream> streams = {RandomStream(1, "a"), RandomStream(1, "b")};
    return model.sample_answers(*model.prefill(prompts(model)), 6, 12, temperature, streams);
  }
  static std::string streamed(VisionLanguageModel& model, const TokenSampling& sampling) {
    std::string text;
    RandomStream stream(1, "stream");
    model.stream_answer(*model.prefill({prompts(model).front()}), sampling, 40, stream,
                        [&](std::string_view piece) { text += piece; });
    return text;
  }

  const fs::path folder_ = testing_support::temporary_folder();
  const std::unique_ptr<VisionLanguageModel> model_ =
      family("")->create({"what colour is it", "red", "blue", "what colour is it"}, 1);
};

TEST_P(PaddedVocabularyTest, AnswersAreThoseOfTheModelWithoutPadding) {
  pad_vocabulary(folder_, model_->tokenizer().size() + kPadding, kLoud);
  const auto padded = loaded();
  const torch::Tensor logits = padded->logits(prompts(*padded));
  ASSERT_EQ(logits.size(2), model_->tokenizer().size() + kPadding);
  ASSERT_GE(logits[0][-1].argmax().item<std::int64_t>(), model_->tokenizer().size());
  for (const double temperature : {0.0, 1.0}) {
    EXPECT_EQ(sampled(*padded, temperature), sampled(*model_, temperature));
    for (const double top_p : {1.0, 0.9}) {
      EXPECT_EQ(streamed(*padded, {temperature, top_p}), streamed(*model_, {temperature, top_p}));
    }
  }
}

TEST_P(PaddedVocabularyTest, IdsBetweenTokensAreNotDrawnEither) {
  // One more token, far behind the others.
  BytePairVocabulary vocabulary = read_vocabulary(folder_);
  const std::int64_t before = model_->tokenizer().size(), last = before + kPadding - 1;
  vocabulary.added.emplace("<last>", last);
  write_file(folder_ / "tokenizer.json", tokenizer_json_text(vocabulary));
  pad_vocabulary(folder_, last + 1, kLoud);
  const auto padded = loaded();
  EXPECT_EQ(padded->tokenizer().size(), last + 1);
  EXPECT_EQ(padded->tokenizer().gaps().size(), static_cast<std::size_t>(kPadding - 1));
  for (const double temperature : {0.0, 1.0}) {
    for (const auto& answers : sampled(*padded, temperature)) {
      for (const std::string& answer : answers) EXPECT_FALSE(answer.empty());
    }
    EXPECT_FALSE(streamed(*padded, {temperature, 1.0}).empty());
  }
}

TEST_P(PaddedVocabularyTest, WeightsThatAreNoNumbersAreNotAnswers) {
  pad_vocabulary(folder_, model_->tokenizer().size() + kPadding, NAN);
  const auto padded = loaded();
  EXPECT_EQ(sampled(*padded, 1.0), sampled(*model_, 1.0));  // those rows are no tokens
  const torch::NoGradGuard no_grad;
  for (const auto& [name, parameter] : padded->named_parameters()) parameter.fill_(NAN);
  EXPECT_THROW(sampled(*padded, 0.0), DataError);
  EXPECT_THROW(sampled(*padded, 1.0), DataError);
  EXPECT_THROW(streamed(*padded, {0.0, 1.0}), DataError);
}

INSTANTIATE_TEST_SUITE_P(Families, PaddedVocabularyTest, testing::Values("qwen3_vl", "internvl"));

}  // namespace
}  // namespace winnow
