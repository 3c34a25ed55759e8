#include "benchmarks/option_letters.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

const char* const kWhole = "(whole)";

// What the public programs read, answer by answer.
TEST(OptionLetters, AreReadAsByTheBenchmarksOwnPrograms) {
  struct Case {
    std::string text, standalone, first, parenthesis;
  };
  for (const auto& [text, standalone, first, parenthesis] : std::vector<Case>{
           {"A.", "A", "A", kWhole},
           {"(B) a dog", "B", "B", "B"},
           {"b", "B", "", kWhole},
           {"B. a dog", "B", "B", kWhole},
           {"c. x", "C", "", kWhole},
           {"The answer is C", "C", "C", kWhole},
           {"(C", "C", "C", kWhole},
           {"I think it is option E", "E", "", kWhole},
           {"The best option isThe correct option isD", "the best option isthe correct option isd",
            "D", kWhole},
           {"d.5", "D", "", kWhole},
           {"Answer: D", "D", "A", kWhole},
           {"A dog runs", "A", "A", kWhole},
           {"a dog", "A", "", kWhole},
           {"There is a dog (C)", "A", "C", "C"},
           {"Based on B", "B", "B", kWhole},
           {"option_A", "A", "A", kWhole},
           {"F", "f", "", kWhole},
           {"(F) six", "f six", "", "F"},
           {"No idea", "no idea", "", kWhole},
           {")", "", "", ""},
           {"E.\nfoo", "E", "", kWhole},
           {"The best answer is ABBA", "the best answer is abba", "A", kWhole},
           {"The answer is", "the answer is", "", kWhole},
           {"1,000 or B", "B", "B", kWhole},
           {" 'C' ", "C", "C", kWhole},
           {"\xC3\xA9) d", "D", "", "\xC3\xA9"},
       }) {
    EXPECT_EQ(standalone_letter(text), standalone) << text;
    EXPECT_EQ(first_letter(text), first) << text;
    const std::string whole = text.substr(
        text.find_first_not_of(' '), text.find_last_not_of(' ') - text.find_first_not_of(' ') + 1);
    EXPECT_EQ(character_before_parenthesis(text), parenthesis == kWhole ? whole : parenthesis)
        << text;
  }
}

TEST(OptionLetters, AnswersAreUnwrappedFirst) {
  EXPECT_EQ(unwrapped_answer("<answer> B </answer> x"), "B");
  EXPECT_EQ(unwrapped_answer("so <answer>1\n2</answer>"), "1\n2");
  EXPECT_EQ(unwrapped_answer("\\boxed{7}"), "7");
  EXPECT_EQ(unwrapped_answer("\\boxed{C} and \\boxed{D}"), "C");
  EXPECT_EQ(unwrapped_answer("\\boxed{\\frac{1}{2}}"), "\\frac{1");
  EXPECT_EQ(unwrapped_answer("<answer>unclosed"), "<answer>unclosed");
  EXPECT_EQ(unwrapped_answer("<think>x</think>B"), "<think>x</think>B");
  EXPECT_EQ(unwrapped_answer("\\boxed{open"), "\\boxed{open");
}

TEST(OptionLetters, LetterOrTextTakesBoth) {
  const std::vector<std::string> options = {"a red ball", "a blue ball", "left", "left of it"};
  struct Case {
    std::string text, letter;
  };
  for (const auto& [text, letter] : std::vector<Case>{
           {"B", "B"},
           {"(B)", "B"},
           {"B. a blue ball", "B"},
           {"a blue ball", "B"},
           {"Left", "C"},
           {"left of it", "D"},
           {"It is a red ball", "A"},
           {"The answer is **C**.", "C"},
           {"The correct answer is: (D) left of it, not A or B", "D"},
           {"A or B", ""},
           {"Both a red ball and a blue ball", ""},
           {"A thing that I saw for a long time in front of the house", ""},
           {"E", ""},
           {"", ""},
           {"no", ""},
       }) {
    EXPECT_EQ(letter_or_text(text, options), letter) << text;
  }
  EXPECT_EQ(letter_or_text("F.", {}), "F");
  EXPECT_EQ(letter_or_text("none", {}), "");
  // Options that are letters themselves are chosen by the letter in front of them.
  EXPECT_EQ(letter_or_text("B", {"B", "A"}), "B");
}

}  // namespace
}  // namespace winnow
