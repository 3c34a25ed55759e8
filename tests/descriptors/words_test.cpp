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
  EXPECT_THAT(word_set("cafe\xCC\x81 x"), ElementsAre("cafe\xCC\x81", "x"));
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
}

TEST(JaccardSimilarity, ComparesTextsWithoutWordsAsTheyAre) {
  EXPECT_DOUBLE_EQ(jaccard_similarity("", " "), 1.0);
  EXPECT_DOUBLE_EQ(jaccard_similarity("?!", " ?!\n"), 1.0);
  EXPECT_DOUBLE_EQ(jaccard_similarity("?", "!"), 0.0);
  EXPECT_DOUBLE_EQ(jaccard_similarity("", "a"), 0.0);
}

}  // namespace
}  // namespace winnow
