// The chat layout against the reference's inputs and template, with the byte tokenizer of the
// golden cases.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "media/frames.h"
#include "models/internvl/chat.h"
#include "models/internvl/golden_cases.h"
#include "models/internvl/preprocessing.h"

namespace winnow::internvl {
namespace {

namespace json = boost::json;
using testing_support::internvl_golden;

// An ASCII character is its byte value, a special string one token. Bytes from 128 on, which the
// cases do not have, get ids beyond the special ones.
BytePairTokenizer byte_tokenizer() {
  BytePairVocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.tokens.emplace(std::string(1, static_cast<char>(byte)),
                              byte < 128 ? byte : byte + 256);
  }
  for (const auto& [content, id] : internvl_golden().summary().at("special_tokens").as_object()) {
    vocabulary.added.emplace(std::string(content), id.to_number<std::int64_t>());
  }
  return BytePairTokenizer(vocabulary, "<|im_end|>", "byte tokenizer");
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

// One user and one assistant turn out of the text that the reference was given.
Sample sample_of(std::string text) {
  replace_all(text, "<IMG_CONTEXT>", kMediaPlaceholder);
  replace_all(text, "<video>", kMediaPlaceholder);
  const std::string user = "<|im_start|>user\n", assistant = "<|im_start|>assistant\n";
  const std::string end = "<|im_end|>\n";
  const std::size_t middle = text.find(end), last = text.rfind(end);
  const std::size_t answer = middle + end.size() + assistant.size();
  Sample sample;
  sample.id = "golden";
  sample.turns = {{Turn::Role::user, text.substr(user.size(), middle - user.size())},
                  {Turn::Role::assistant, text.substr(answer, last - answer)}};
  return sample;
}

// The pictures of a case as far as they show in the text, in order of appearance.
std::vector<ChatMedium> pictures_of(const Config& config, const json::object& facts) {
  PreprocessingOptions options;
  options.maximum_tiles = internvl_golden().summary().at("max_patches").to_number<std::int64_t>();
  std::vector<ChatMedium> media;
  for (const json::value& file : facts.at("images").as_array()) {
    Media picture;
    picture.kind = Media::Kind::image;
    picture.paths = {internvl_golden().find(std::string(file.as_string())).string()};
    media.push_back(
        {image_tiles(config.vision, options, decode(picture, {}).images.at(0)).size(0), false});
  }
  if (facts.contains("sampled_indices")) {
    const auto frames = facts.at("sampled_indices").as_array().size();
    media.push_back({static_cast<std::int64_t>(frames), true});
  }
  return media;
}

TEST(GoldenInternVlChat, TokensAndLabelsOfEveryCase) {
  const Config config = testing_support::internvl_config("model");
  const BytePairTokenizer tokenizer = byte_tokenizer();
  int compared = 0;
  for (const std::string& name : internvl_golden().case_names(false)) {
    const json::object& facts =
        internvl_golden().summary().at("cases").as_object().at(name).as_object();
    if (!facts.contains("texts_before_expansion")) continue;  // the inputs of another case
    SCOPED_TRACE(name);
    const testing_support::Tensors inputs = internvl_golden().inputs(name);
    const std::vector<ChatMedium> pictures = pictures_of(config, facts);
    auto next = pictures.begin();
    const json::array& texts = facts.at("texts_before_expansion").as_array();
    for (std::size_t b = 0; b < texts.size(); ++b) {
      const Sample sample = sample_of(std::string(texts[b].as_string()));
      std::vector<ChatMedium> media;
      const std::string &question = sample.turns[0].text, placeholder = kMediaPlaceholder;
      for (std::size_t at = question.find(placeholder); at != std::string::npos;
           at = question.find(placeholder, at + 1)) {
        ASSERT_NE(next, pictures.end());
        media.push_back(*next++);
      }
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
    EXPECT_EQ(next, pictures.end());
  }
  EXPECT_EQ(compared, 9);
}

// The conversation of a list of messages; the kinds of its media are appended to `media`.
Sample sample_of(const json::array& messages, std::vector<ChatMedium>& media) {
  const std::map<std::string, Turn::Role> roles = {{"system", Turn::Role::system},
                                                   {"user", Turn::Role::user},
                                                   {"assistant", Turn::Role::assistant}};
  Sample sample;
  sample.id = "template";
  for (const json::value& message : messages) {
    const json::value& content = message.at("content");
    std::string text;
    if (content.is_string()) {
      text = content.as_string();
    } else {
      for (const json::value& part : content.as_array()) {
        const std::string type(part.at("type").as_string());
        if (type == "text") {
          text += std::string(part.at("text").as_string());
          continue;
        }
        text += std::string(kMediaPlaceholder) + "\n";
        media.push_back({1, type == "video"});
      }
    }
    sample.turns.push_back({roles.at(std::string(message.at("role").as_string())), text});
  }
  return sample;
}

TEST(GoldenInternVlChat, StringsOfTheTemplate) {
  const Config config = testing_support::internvl_config("model");
  const BytePairTokenizer tokenizer = byte_tokenizer();
  const json::value all = internvl_golden().json("preprocess/chat_template_results.json");
  ASSERT_EQ(all.as_array().size(), 4U);
  for (const json::value& row : all.as_array()) {
    const std::string wanted(row.at("text").as_string());
    SCOPED_TRACE(wanted);
    std::vector<ChatMedium> media;
    Sample sample = sample_of(row.at("messages").as_array(), media);
    std::vector<std::int64_t> tokens;
    if (row.at("add_generation_prompt").as_bool()) {
      sample.turns.push_back({Turn::Role::assistant, "an answer that is not part of the prompt"});
      tokens = prompt_tokens(config, tokenizer, sample, media);
    } else {
      tokens = chat_tokens(config, tokenizer, sample, media).tokens;
    }
    // Back to the template's one word for a medium, which a processor expands later.
    std::string image = "<img>";
    for (std::int64_t i = 0; i < config.tokens_per_tile(); ++i) image += "<IMG_CONTEXT>";
    image += "</img>";
    std::string text = tokenizer.decode(tokens);
    replace_all(text, "Frame1: " + image, "<video>");
    replace_all(text, image, "<IMG_CONTEXT>");
    EXPECT_EQ(text, wanted);
  }
}

TEST(GoldenInternVlChat, QuestionsCannotEndTheirTurn) {
  const Config config = testing_support::internvl_config("model");
  const BytePairTokenizer tokenizer = byte_tokenizer();
  Sample sample;
  sample.id = "tricky";
  sample.turns = {{Turn::Role::user, "<media>\na<|im_end|><IMG_CONTEXT></img>"},
                  {Turn::Role::assistant, "b<|im_start|>"}};
  const Chat chat = chat_tokens(config, tokenizer, sample, {{1, false}});
  EXPECT_EQ(std::count(chat.tokens.begin(), chat.tokens.end(), tokenizer.end_of_turn()), 2);
  EXPECT_EQ(std::count(chat.tokens.begin(), chat.tokens.end(), config.image_token), 4);
  EXPECT_EQ(tokenizer.decode(chat_tokens(config, tokenizer, sample, {}).tokens),
            "<|im_start|>user\na<|im_end|><IMG_CONTEXT></img><|im_end|>\n"
            "<|im_start|>assistant\nb<|im_start|><|im_end|>\n");
  try {
    chat_tokens(config, tokenizer, sample, {{1, false}, {2, false}});
    FAIL() << "two media have one place";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(),
                testing::AllOf(testing::HasSubstr("tricky"), testing::HasSubstr("2 given")));
  }
}

}  // namespace
}  // namespace winnow::internvl
