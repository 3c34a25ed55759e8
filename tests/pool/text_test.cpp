#include "pool/text.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(TextTest, CountsWordsInAnyScript) {
  EXPECT_EQ(count_words(""), 0);
  EXPECT_EQ(count_words(" \n\t"), 0);
  EXPECT_EQ(count_words("A small, red car - parked."), 5);
  EXPECT_EQ(count_words("<media>\nWhat is it?"), 3);
  EXPECT_EQ(count_words("don't over-count 3.5"), 3);
  EXPECT_EQ(count_words("它是红色的。"), 5);
  EXPECT_EQ(count_words("看 red 车 now"), 4);
  EXPECT_EQ(count_words("a\u3000b\u00A0c\u2028d"), 4);
  EXPECT_EQ(count_words("Слово за словом"), 3);
  EXPECT_EQ(count_words("안녕 세상"), 2);
  EXPECT_EQ(count_words("😀"), 1);
  EXPECT_EQ(count_words("กินข้าว"), 5);  // marks above a character are part of it
  EXPECT_EQ(count_words("हिन्दी भाषा"), 2);
}

TEST(TextTest, TellsTemporalQuestionsByTheirWords) {
  for (const char* question :
       {"What happens before the ball falls?", "Which square moves FIRST?",
        "In which direction does it go?", "How many times does it flash?", "What then?",
        "What is shown at 0:35?", "Что происходит в 01:20?", "球移动的方向是什么？",
        "他最后做了什么？", "<media>\nWhat is seen while she speaks?"}) {
    EXPECT_EQ(question_type(question), "temporal") << question;
  }
  for (const char* question :
       {"What colour is the car?", "How many squares are there?", "Is the athena statue tall?",
        "The ratio 16:9 or 4:3?", "At 12:99?", "它是什么颜色？", "Какого цвета мяч?", "",
        "thené quoi", "<media>"}) {
    EXPECT_EQ(question_type(question), "static") << question;
  }
}

}  // namespace
}  // namespace winnow
