#include "report/table_width.h"

#include <gmock/gmock.h>

#include <sstream>

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

Table example() {
  Table table;
  table.columns = {{"name"}, {"what it is"}, {"average", "accuracy"}, {"spread", "accuracy"}};
  table.rows = {{{"a-name-that-is-rather-long-for-a-column", "words that explain it at some length",
                  TableCell::Number{41.25}, TableCell::Number{1.5}}},
                {{"b", "é", TableCell::Missing{"not there"}, TableCell::Number{2}}}};
  return table;
}

std::size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  std::size_t widest = 0;
  while (std::getline(lines, line)) {
    if (line.starts_with("For a wider terminal") || line.starts_with("(")) continue;
    std::size_t characters = 0;
    for (const char c : line) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
    widest = std::max(widest, characters);
  }
  return widest;
}

TEST(TableWidth, ATableThatFitsStaysAsItIs) {
  EXPECT_EQ(to_terminal({fitted(example(), 120)}, false), to_terminal({example()}, false));
}

TEST(TableWidth, TextGivesWayBeforeColumnsDo) {
  for (const std::size_t width : {90U, 80U, 60U, 46U}) {
    const std::string text = to_terminal({fitted(example(), width)}, false);
    EXPECT_LE(widest_line(text), width) << text;
    EXPECT_THAT(text, HasSubstr("…"));
    EXPECT_THAT(text, HasSubstr("41.2"));
    EXPECT_THAT(text, HasSubstr("1.5"));
  }
}

TEST(TableWidth, ColumnsAreLeftOutFromTheRightAndNamed) {
  const std::string text = to_terminal({fitted(example(), 36)}, false);
  EXPECT_LE(widest_line(text), 36U) << text;
  EXPECT_THAT(text, HasSubstr("another format: accuracy: spread."));
  EXPECT_THAT(text, HasSubstr("41.2"));
  EXPECT_THAT(to_terminal({fitted(example(), 5)}, false), HasSubstr("a-name-that…"));
}

TEST(TableWidth, ATitleGivesWayToo) {
  Table table = example();
  table.columns[3] = {"Difference to what all are measured against"};
  table.rows[0].cells[3] = TableCell::Measured{{-1.9, -7.2, 3.1}, {1, true, ""}};
  const std::string text = to_terminal({fitted(table, 64)}, false);
  EXPECT_LE(widest_line(text), 64U) << text;
  EXPECT_THAT(text, HasSubstr("Difference t"));
  EXPECT_THAT(text, HasSubstr("-1.9 [-7.2, +3.1]"));
  EXPECT_THAT(text, Not(HasSubstr("wider terminal")));
}

TEST(TableWidth, WhatIsEscapedCountsAsItIsShown) {
  Table table = example();
  table.rows[1].cells[1] = std::string(12, '\x1b');
  EXPECT_LE(widest_line(to_terminal({fitted(table, 60)}, false)), 60U);
}

}  // namespace
}  // namespace winnow
