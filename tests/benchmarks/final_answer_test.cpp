#include "benchmarks/final_answer.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace winnow {
namespace {

const std::string kMarker = "answer is";

TEST(FinalAnswer, IsWhatFollowsTheLastMarker) {
  EXPECT_EQ(final_answer("2 plus 1 is 3. The answer is 3.", kMarker), "3");
  EXPECT_EQ(final_answer("The answer is 2. No, the answer is: 16 .", kMarker), "16");
  EXPECT_EQ(final_answer("The answer is left of it.\nThat is all.", kMarker), "left of it");
  EXPECT_EQ(final_answer(" red. ", kMarker), "red");
  EXPECT_EQ(final_answer("The answer is", kMarker), "");
  EXPECT_EQ(final_answer("", kMarker), "");
}

bool reads(const std::string& text, const std::string& expected) {
  const auto readings = answer_readings(text, kMarker);
  return std::any_of(readings.begin(), readings.end(),
                     [&](const std::string& reading) { return same_answer(reading, expected); });
}

TEST(AnswerReadings, HoldWhatPeopleAndModelsMean) {
  struct Case {
    std::string text, expected;
  };
  for (const auto& [text, expected] : std::vector<Case>{
           {"2 plus 1 is 3. The answer is 3.", "3"},
           {"The answer is C. To see this: option C has four sides.", "C"},
           {"The final answer is: $\\boxed{17}$", "17"},
           {"The answer is **D**.", "D"},
           {"So the answer is:\n\n  17\n\nbecause it is.", "17"},
           {"THE ANSWER IS 17", "17"},
           {"Therefore the Answer Is (B).", "B"},
           {"Thus x = 5 and y = 7.\n\\boxed{12}", "12"},
           {"We get \\boxed{\\frac{1}{2}}.", "0.5"},
           {"The answer is \\(\\dfrac{3}{4}\\).", "3/4"},
           {"<think>hm</think><answer> left of it </answer>", "left of it"},
           {"Let me count.\nThere are 4.\n4", "4"},
           {"The answer is 1,250.0", "1250"},
           {"The answer is 12 circles.", "12"},
           {"The answer is 45\\%.", "45%"},
           {"The answer is $45.", "45"},
           {"The answer is 30^\\circ", "30"},
           {"The answer is x = -3.", "-3"},
           {"The answer is \xE2\x88\x92"
            "3",
            "-3"},
           {"The answer is 3.14. It is rounded.", "3.14"},
           {"The answer is \\text{blue}", "Blue"},
           {"The answer is \"Mr. Smith\".", "Mr. Smith"},
           {"The answer is U.S. citizens", "U.S. citizens"},
           {"The answer is B.\n\nThe answer is not always easy to see.\nThe answer is A.", "A"},
       }) {
    EXPECT_TRUE(reads(text, expected)) << text;
  }
}

TEST(AnswerReadings, AreNotWhatIsNotMeant) {
  struct Case {
    std::string text, wrong;
  };
  for (const auto& [text, wrong] : std::vector<Case>{
           {"The answer is B. Here option A is wrong.", "A"},
           {"The answer is 3 1/2", "3"},
           {"The answer is 3-1", "3"},
           {"The answer is 13", "3"},
           {"The answer is 3.5", "3"},
           {"The answer is 30", "3"},
           {"The answer is -3", "3"},
           {"The answer is 1/3", "1"},
           {"The answer is red. Blue is wrong.", "blue"},
           {"The answer is", "3"},
           {"", ""},
           {"The answer is (1, 2)", "1"},
       }) {
    EXPECT_FALSE(reads(text, wrong)) << text;
  }
  EXPECT_EQ(answer_readings("", kMarker).front(), "");
  EXPECT_EQ(answer_readings("The answer is **.**", kMarker).size(), 1U);
}

TEST(SameAnswer, ComparesNumbersAsNumbersAndTextAsText) {
  EXPECT_TRUE(same_answer("1,000", "1000.0"));
  EXPECT_TRUE(same_answer("\\frac{1}{3}", "1/3"));
  EXPECT_TRUE(same_answer("-\\frac{1}{2}", "-0.5"));
  EXPECT_TRUE(same_answer("50%", "50"));
  EXPECT_TRUE(same_answer(" Left  of it. ", "left of it"));
  EXPECT_TRUE(same_answer("1e3", "1E3"));
  EXPECT_FALSE(same_answer("1,00", "100"));
  EXPECT_FALSE(same_answer("0.333", "1/3"));
  EXPECT_FALSE(same_answer("a", "b"));
  EXPECT_FALSE(same_answer("", ""));
  EXPECT_FALSE(same_answer("1/0", "2/0"));
  EXPECT_FALSE(same_answer("(1, 2)", "(1, 3)"));
}

// Whatever a model writes, it is read without harm.
TEST(AnswerReadings, TakeAnyText) {
  for (const std::string piece : {"$", "**", "\\boxed{", "}", "{", "(", "answer is", "\\frac{", "-",
                                  ",", ".", "\xE2\x80\x9C", "\xFF", "=", "<answer>"}) {
    std::string text;
    for (int i = 0; i < 50; ++i) {
      text += piece;
      EXPECT_FALSE(answer_readings(text, kMarker).empty());
      same_answer(text, text + "1");
    }
  }
}

}  // namespace
}  // namespace winnow
