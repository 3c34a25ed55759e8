#include "experiments/stages/shown_tables.h"

#include <gmock/gmock.h>

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<Table> three() {
  std::vector<Table> tables(3);
  for (std::size_t i = 0; i < 3; ++i) {
    tables[i].title = "Table " + std::string(1, static_cast<char>('A' + i));
    tables[i].columns = {{"name"}, {"words"}};
    tables[i].rows = {{{"row", std::string(60, 'x')}}};
  }
  return tables;
}

TEST(ShownTables, AFileGetsAllAsTheyAre) {
  EXPECT_EQ(shown_tables(three(), 1, false, std::nullopt, false), to_terminal(three(), false));
  EXPECT_EQ(shown_tables(three(), 1, true, std::nullopt, false), to_terminal(three(), false));
}

TEST(ShownTables, ATerminalGetsTheMainOneCutToIt) {
  const std::string text = shown_tables(three(), 1, false, 40, false);
  EXPECT_TRUE(text.starts_with("Table B\n"));
  EXPECT_THAT(text, HasSubstr("xxx…"));
  EXPECT_THAT(text, HasSubstr("Other tables, by --tables all: Table A; Table C.\n"));
  EXPECT_THAT(text, Not(HasSubstr("Table A\n")));
}

TEST(ShownTables, AllHaveTheMainOneFirst) {
  const std::string text = shown_tables(three(), 1, true, 40, false);
  EXPECT_LT(text.find("Table B\n"), text.find("Table A\n"));
  EXPECT_LT(text.find("Table A\n"), text.find("Table C\n"));
  EXPECT_THAT(text, Not(HasSubstr("--tables")));
}

}  // namespace
}  // namespace winnow
