// What of a conversation is learnt, and where its media stand, in every layout.

#include <gtest/gtest.h>

#include "models/chat_ml.h"
#include "models/micro_fixture.h"

namespace winnow {
namespace {

// A byte is a token, and a control token is one.
BytePairTokenizer byte_tokenizer() {
  BytePairVocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.tokens.emplace(std::string(1, static_cast<char>(byte)), byte);
  }
  vocabulary.added = {{"<|im_start|>", 256}, {"<|im_end|>", 257}};
  return BytePairTokenizer(vocabulary, "<|im_end|>", "byte tokenizer");
}

Sample two_rounds(bool first_is_trained) {
  Sample sample;
  sample.id = "two rounds";
  sample.turns = {{Turn::Role::system, "red <media>"},
                  {Turn::Role::user, "blue"},
                  {Turn::Role::assistant, "\ngreen <media>", first_is_trained},
                  {Turn::Role::user, "what" + escape_placeholders("<media>")},
                  {Turn::Role::assistant, "it"}};
  return sample;
}

std::size_t trained(const std::vector<std::int64_t>& labels) {
  return static_cast<std::size_t>(std::count_if(labels.begin(), labels.end(),
                                                [](std::int64_t label) { return label != -100; }));
}

TEST(Turns, ChatMlLeavesOutWhatIsNotTrained) {
  const BytePairTokenizer tokenizer = byte_tokenizer();
  const auto no_media = [](std::size_t, ChatSink&) { FAIL() << "there are no media"; };
  const Chat all = chat_tokens(tokenizer, two_rounds(true), 0, no_media);
  const Chat last = chat_tokens(tokenizer, two_rounds(false), 0, no_media);
  EXPECT_EQ(last.tokens, all.tokens);
  EXPECT_EQ(tokenizer.decode(all.tokens),
            "<|im_start|>system\nred <media><|im_end|>\n<|im_start|>user\nblue<|im_end|>\n"
            "<|im_start|>assistant\n\ngreen <media><|im_end|>\n<|im_start|>user\nwhat<media>"
            "<|im_end|>\n<|im_start|>assistant\nit<|im_end|>\n");
  EXPECT_EQ(trained(all.labels), std::string("\ngreen <media>").size() + 2 + 4);
  EXPECT_EQ(trained(last.labels), 4u);  // "it", the end of the turn, the line break
}

TEST(Turns, MicroLeavesOutWhatIsNotTrained) {
  const auto model = testing_support::tiny_model();
  const ModelInput all = model->blind_input(two_rounds(true));
  const ModelInput last = model->blind_input(two_rounds(false));
  EXPECT_EQ(last.tokens, all.tokens);
  EXPECT_GT(trained(all.labels), trained(last.labels));
  EXPECT_GT(trained(last.labels), 0u);
  for (std::size_t t = 0; t < all.labels.size(); ++t) {
    EXPECT_TRUE(last.labels[t] == -100 || last.labels[t] == all.labels[t]);
  }
}

}  // namespace
}  // namespace winnow
