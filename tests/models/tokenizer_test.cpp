#include "models/micro/tokenizer.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace winnow::micro {
namespace {

TEST(WordTokenizer, RoundTripsAnyByteString) {
  const WordTokenizer tokenizer(4, {"hello", " world", "the"});
  RandomStream stream(1, "test/bytes");
  for (int trial = 0; trial < 200; ++trial) {
    std::string text;
    for (std::int64_t i = stream.integer(0, 40); i > 0; --i) {
      text += static_cast<char>(stream.below(256));
      if (stream.chance(0.2)) text += " world";
    }
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
}

TEST(WordTokenizer, NeverEncodesTextAsControlTokens) {
  const WordTokenizer tokenizer(4, {});
  for (int byte = 0; byte < 256; ++byte) {
    for (const std::int64_t token : tokenizer.encode(std::string(1, static_cast<char>(byte)))) {
      EXPECT_GE(token, WordTokenizer::kFirstFrameSlot + 4);
    }
  }
}

TEST(WordTokenizer, LearnsFrequentWordsInOrderOfCountThenBytes) {
  const auto words = WordTokenizer::train({"red red red", "blue blue", "once"}, 10);
  // "red" starts the text once (too rare), " red" occurs twice, " blue" and "blue" once each.
  EXPECT_EQ(words, (std::vector<std::string>{" red"}));
  EXPECT_EQ(WordTokenizer::train({"a1 b2", "a1 b2", "a1"}, 10),
            (std::vector<std::string>{"a1", " b2"}));
  EXPECT_EQ(WordTokenizer::train({"zz yy", "zz yy"}, 1).size(), 1U);
}

TEST(WordTokenizer, KnownWordIsOneTokenUnknownIsBytes) {
  const WordTokenizer tokenizer(4, {"circle"});
  EXPECT_EQ(tokenizer.encode("circle").size(), 1U);
  EXPECT_EQ(tokenizer.encode("circl").size(), 5U);
  EXPECT_EQ(tokenizer.size(), 6 + 4 + 256 + 1);
}

}  // namespace
}  // namespace winnow::micro
