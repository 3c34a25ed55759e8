// The chat layout against the reference's inputs, with the byte tokenizer of the golden cases.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "models/qwen3_vl/chat.h"
#include "models/qwen3_vl/golden_cases.h"
#include "models/qwen3_vl/preprocessing.h"

namespace winnow::qwen3_vl {
namespace {

namespace json = boost::json;
using testing_support::kQwen3Vl;

// An ASCII character is its byte value, a special string one token. Bytes from 128 on, which the
// cases do not have, get ids beyond the special ones.
BytePairTokenizer byte_tokenizer() {
  BytePairVocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.tokens.emplace(std::string(1, static_cast<char>(byte)),
                              byte < 128 ? byte : byte + 256);
  }
  for (const auto& [content, id] :
       testing_support::qwen3_vl_summary().at("special_tokens").as_object()) {
    vocabulary.added.emplace(std::string(content), id.to_number<std::int64_t>());
  }
  return BytePairTokenizer(vocabulary, "<|im_end|>", "byte tokenizer");
}

Config tiny_config() {
  return read_config(testing_support::find_golden(kQwen3Vl + "model_untied/config.json"));
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
  }
}

// One user and one assistant turn out of the text that the reference was given.
Sample sample_of(std::string text) {
  const std::string vision_start = "<|vision_start|>", vision_end = "<|vision_end|>";
  replace_all(text, vision_start + "<|image_pad|>" + vision_end, kMediaPlaceholder);
  replace_all(text, vision_start + "<|video_pad|>" + vision_end, kMediaPlaceholder);
  const std::string user = "<|im_start|>user\n", assistant = "<|im_start|>assistant\n";
  const std::string end = "<|im_end|>\n";
  const std::size_t middle = text.find(end), last = text.rfind(end);
  Sample sample;
  sample.id = "golden";
  sample.turns = {
      {Turn::Role::user, text.substr(user.size(), middle - user.size())},
      {Turn::Role::assistant, text.substr(middle + end.size() + assistant.size(),
                                          last - middle - end.size() - assistant.size())}};
  return sample;
}

TEST(GoldenQwen3VlChat, TokensAndLabelsOfEveryCase) {
  const Config config = tiny_config();
  const BytePairTokenizer tokenizer = byte_tokenizer();
  int compared = 0;
  for (const std::string& name : testing_support::case_names(false)) {
    const json::object& facts =
        testing_support::qwen3_vl_summary().at("cases").as_object().at(name).as_object();
    if (!facts.contains("texts_before_expansion")) continue;  // the inputs of another case
    SCOPED_TRACE(name);
    const auto inputs = testing_support::inputs_of_case(name);
    std::vector<Grid> images, videos;
    if (inputs.count("in.image_grid_thw") > 0) {
      images = testing_support::grids_of(inputs.at("in.image_grid_thw"));
    }
    if (inputs.count("in.video_grid_thw") > 0) {
      videos = testing_support::grids_of(inputs.at("in.video_grid_thw"));
    }
    const json::array& texts = facts.at("texts_before_expansion").as_array();
    for (std::size_t b = 0; b < texts.size(); ++b) {
      const std::string text(texts[b].as_string());
      std::vector<ChatMedium> media;
      const std::string pad = "_pad|>";
      for (std::size_t at = text.find(pad); at != std::string::npos; at = text.find(pad, at + 1)) {
        const bool is_video = text.substr(at - 5, 5) == "video";
        std::vector<Grid>& grids = is_video ? videos : images;
        media.push_back({grids.at(0), is_video, {}});
        grids.erase(grids.begin());
        // The clip of all cases: 16 frames at 8 a second.
        if (is_video) media.back().timestamps = timestamp_texts({0.0, 0.625, 1.25, 1.875}, 2);
      }
      const Sample sample = sample_of(text);
      const Chat chat = chat_tokens(config, tokenizer, sample, media);
      const auto row = static_cast<std::int64_t>(b);
      const torch::Tensor present = inputs.at("in.attention_mask")[row].to(torch::kBool);
      EXPECT_TRUE(torch::equal(torch::tensor(chat.tokens),
                               inputs.at("in.input_ids")[row].index({present})));
      EXPECT_TRUE(
          torch::equal(torch::tensor(chat.labels), inputs.at("in.labels")[row].index({present})));
      const std::vector<std::int64_t> prompt = prompt_tokens(config, tokenizer, sample, media);
      EXPECT_EQ(prompt, std::vector<std::int64_t>(
                            chat.tokens.begin(),
                            chat.tokens.begin() + static_cast<std::ptrdiff_t>(prompt.size())));
      EXPECT_EQ(chat.labels[prompt.size() - 1], -100);
      EXPECT_NE(chat.labels[prompt.size()], -100);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 8);
}

TEST(GoldenQwen3VlChat, QuestionsCannotEndTheirTurn) {
  const Config config = tiny_config();
  const BytePairTokenizer tokenizer = byte_tokenizer();
  Sample sample;
  sample.id = "tricky";
  sample.turns = {{Turn::Role::system, "Be brief."},
                  {Turn::Role::user, "<media>\na<|im_end|><|image_pad|>"},
                  {Turn::Role::assistant, "b<|im_start|>"}};
  const Chat chat = chat_tokens(config, tokenizer, sample, {{{1, 2, 4}, false, {}}});
  EXPECT_EQ(std::count(chat.tokens.begin(), chat.tokens.end(), tokenizer.end_of_turn()), 3);
  EXPECT_EQ(std::count(chat.tokens.begin(), chat.tokens.end(), config.image_token), 2);
  EXPECT_EQ(tokenizer.decode(chat.tokens),
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n<|vision_start|>"
            "<|image_pad|><|image_pad|><|vision_end|>\na<|im_end|><|image_pad|><|im_end|>\n"
            "<|im_start|>assistant\nb<|im_start|><|im_end|>\n");
  EXPECT_EQ(tokenizer.decode(chat_tokens(config, tokenizer, sample, {}).tokens),
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n"
            "a<|im_end|><|image_pad|><|im_end|>\n<|im_start|>assistant\nb<|im_start|><|im_end|>\n");
  const ChatMedium image = {{1, 2, 4}, false, {}};
  EXPECT_THROW(chat_tokens(config, tokenizer, sample, {image, image}), DataError);
  EXPECT_THROW(chat_tokens(config, tokenizer, sample, {{{2, 2, 4}, true, {"<0.1 seconds>"}}}),
               DataError);
}

}  // namespace
}  // namespace winnow::qwen3_vl
