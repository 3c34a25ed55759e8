#include "descriptors/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(WordSet, SplitsAtWhatIsNoLetterOrDigit) {
  EXPECT_THAT(word_set("The red ball, the 2nd!"), ElementsAre("2nd", "ball", "red", "the"));
}

TEST(WordSet, ReadsOtherScripts) {
  EXPECT_THAT(word_set("КРАСНЫЙ мяч"), ElementsAre("красный", "мяч"));
  EXPECT_THAT(word_set("Élan élan"), ElementsAre("élan"));
  EXPECT_THAT(word_set("红色的球"), ElementsAre("球", "的", "红", "色"));
  EXPECT_THAT(word_set("ab球cd"), ElementsAre("ab", "cd", "球"));
}

TEST(WordSet, KeepsCombiningMarksInTheirWord) {
  EXPECT_THAT(word_set("cafe\xCC\x81 x"), ElementsAre("café", "x"));
  EXPECT_THAT(word_set("हिन्दी भाषा"), ElementsAre("भाषा", "हिन्दी"));
}

TEST(WordSet, TakesInvalidBytesAsSeparators) {
  EXPECT_THAT(word_set("a\xFFz"), ElementsAre("a", "z"));
  EXPECT_THAT(word_set("\xE4\xBD"), IsEmpty());      // cut off
  EXPECT_THAT(word_set("\xC0\x80"), IsEmpty());      // overlong
  EXPECT_THAT(word_set("\xED\xA0\x80"), IsEmpty());  // surrogate
}

TEST(JaccardSimilarity, IsSharedOverAllWords) {
  EXPECT_DOUBLE_EQ(jaccard_similarity("a b c", "b c d"), 0.5);
  EXPECT_DOUBLE_EQ(jaccard_similarity("A", "a."), 1.0);
  EXPECT_DOUBLE_EQ(jaccard_similarity("a", "b"), 0.0);
  EXPECT_DOUBLE_EQ(jaccard_similarity("红色", "红球"), 1.0 / 3.0);
  // Whole answers in scripts without spaces: neither equal nor all different.
  for (const auto& [a, b] :
       {std::pair("一个红色的球在左边", "一个蓝色的方块在右边"),
        std::pair("赤いボールです", "青いボールです"), std::pair("ลูกบอลสีแดง", "ลูกบอลสีเขียว"),
        std::pair("빨간 공", "파란 공"), std::pair("красный мяч", "синий мяч")}) {
    EXPECT_LT(jaccard_similarity(a, b), 1.0) << a;
    EXPECT_GT(jaccard_similarity(a, b), 0.0) << a;
    EXPECT_DOUBLE_EQ(jaccard_similarity(a, a), 1.0) << a;
  }
}

TEST(JaccardSimilarity, ComparesTextsWithoutWordsAsTheyAre) {
  EXPECT_DOUBLE_EQ(jaccard_similarity("", " "), 1.0);
  EXPECT_DOUBLE_EQ(jaccard_similarity("?!", " ?!\n"), 1.0);
  EXPECT_DOUBLE_EQ(jaccard_similarity("?", "!"), 0.0);
  EXPECT_DOUBLE_EQ(jaccard_similarity("", "a"), 0.0);
}

}  // namespace
}  // namespace winnow
