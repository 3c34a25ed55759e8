#include "pool/words.h"

#include <gmock/gmock.h>

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Words, OfAscii) {
  EXPECT_THAT(words_of("Is it RED? No -- 2 blue, 3.5x"),
              ElementsAre("is", "it", "red", "no", "2", "blue", "3", "5x"));
  EXPECT_THAT(words_of(""), IsEmpty());
  EXPECT_THAT(words_of(" .,!\n"), IsEmpty());
}

TEST(Words, OfScriptsWithSpaces) {
  EXPECT_THAT(words_of("Слово ЗА словом"), ElementsAre("слово", "за", "словом"));
  EXPECT_THAT(words_of("빨간 공"), ElementsAre("빨간", "공"));
  EXPECT_THAT(words_of("हिन्दी भाषा"), ElementsAre("हिन्दी", "भाषा"));
  EXPECT_THAT(words_of("ما هو اللون؟"), ElementsAre("ما", "هو", "اللون"));
  EXPECT_THAT(words_of("Straße STRASSE"), ElementsAre("strasse", "strasse"));
}

TEST(Words, OfScriptsWithoutSpacesAreCharactersWithTheirMarks) {
  EXPECT_THAT(words_of("红色的球。"), ElementsAre("红", "色", "的", "球"));
  EXPECT_THAT(words_of("ボール2個"), ElementsAre("ボ", "ー", "ル", "2", "個"));
  EXPECT_THAT(words_of("สี่ red"), ElementsAre("สี่", "red"));
}

TEST(Words, EqualHoweverTheyAreEncoded) {
  EXPECT_EQ(words_of("caf\u00E9"), words_of("cafe\u0301"));
  EXPECT_EQ(words_of("ＡＢＣ １２"), words_of("abc 12"));
  EXPECT_EQ(words_of("ｶﾞ"), words_of("ガ"));
}

TEST(Words, EndAtInvalidBytes) {
  EXPECT_THAT(words_of("ab\xFF\xC3z"), ElementsAre("ab", "z"));
  EXPECT_THAT(words_of("\xE4\xBD"), IsEmpty());
}

}  // namespace
}  // namespace winnow
