#include "report/table.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <limits>

namespace winnow {
namespace {

using Number = TableCell::Number;
using Measured = TableCell::Measured;
using Missing = TableCell::Missing;

Table example() {
  Table table;
  table.title = "Table 1";
  table.columns = {{"method"},
                   {"short", "accuracy (%)", Best::highest},
                   {"long", "accuracy (%)", Best::highest},
                   {"difference"},
                   {"cost", "", Best::lowest}};
  const NumberFormat sign{1, true, ""};
  table.rows = {
      {{"base", Number{90.0}, Number{41.26}, Missing{"no reference"}, Number{0, {0, false, " s"}}},
       false},
      {{"uni_10x", Number{62.3}, Number{40.2}, Measured{{0, 0, 0}, sign},
        Number{20, {0, false, " s"}}},
       true,
       true},
      {{"Temp+", Number{63.65}, Missing{"not reached"}, Measured{{1.38, -0.04, 2.5}, sign},
        Number{7, {0, false, " s"}}}}};
  table.notes = {"Three seeds."};
  return table;
}

TEST(Table, Terminal) {
  EXPECT_EQ(to_terminal({example()}, false),
            "Table 1\n"
            "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n"
            "         accuracy (%)\n"
            "         ────────────\n"
            "method   short   long        difference  cost\n"
            "─────────────────────────────────────────────\n"
            "base      90.0   41.3             – (a)   0 s\n"
            "─────────────────────────────────────────────\n"
            "uni_10x   62.3   40.2    0.0 [0.0, 0.0]  20 s\n"
            "Temp+     63.6  – (b)  +1.4 [0.0, +2.5]   7 s\n"
            "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n"
            "Three seeds.\n"
            "(a) no reference\n"
            "(b) not reached\n");
  const std::string styled = to_terminal({example()}, true);
  EXPECT_THAT(styled, ::testing::HasSubstr("\033[1m 63.6\033[0m"));  // best, though base is higher
  EXPECT_THAT(styled, ::testing::HasSubstr("\033[1m 7 s\033[0m"));
  EXPECT_THAT(styled, ::testing::Not(::testing::HasSubstr("\033[1m 90.0")));
}

TEST(Table, TerminalShowsNoControlCharacters) {
  Table table;
  table.title = "t\x1b]0;x\x07";
  table.columns = {{"c\xC2\x9B", "g\x1b"}, {"d\n"}};
  table.rows = {{{"a\x1b[2J", Missing{"r\x1b"}}}};
  table.notes = {"n\x1b\nline"};
  const std::string text = to_terminal({table}, false);
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= ' ');
  EXPECT_EQ(text.find("\xC2\x9B"), std::string::npos);
  EXPECT_THAT(text, ::testing::HasSubstr("a\\u001b[2J"));
  EXPECT_THAT(text, ::testing::HasSubstr("n\\u001b\nline"));
}

TEST(Table, Markdown) {
  EXPECT_EQ(to_markdown({example()}),
            "### Table 1\n\n"
            "| method | accuracy (%): short | accuracy (%): long | difference | cost |\n"
            "| --- | ---: | ---: | ---: | ---: |\n"
            "| base | 90.0 | 41.3 | – (a) | 0 s |\n"
            "| uni_10x | 62.3 | **40.2** | 0.0 [0.0, 0.0] | 20 s |\n"
            "| Temp+ | **63.6** | – (b) | +1.4 [0.0, +2.5] | **7 s** |\n"
            "\nThree seeds.\n\n(a) no reference\n\n(b) not reached\n");
}

TEST(Table, Latex) {
  EXPECT_EQ(
      to_latex({example()}),
      "\\begin{table}[t]\n\\centering\n\\caption{Table 1}\n\\begin{tabular}{lrrrr}\n\\toprule\n"
      " & \\multicolumn{2}{c}{accuracy (\\%)} &  &  \\\\\n\\cmidrule(lr){2-3}\n"
      "method & short & long & difference & cost \\\\\n\\midrule\n"
      "base & 90.0 & 41.3 & -- (a) & 0 s \\\\\n\\midrule\n"
      "uni\\_10x & 62.3 & \\textbf{40.2} & 0.0 [0.0, 0.0] & 20 s \\\\\n"
      "Temp+ & \\textbf{63.6} & -- (b) & +1.4 [0.0, +2.5] & \\textbf{7 s} \\\\\n"
      "\\bottomrule\n\\end{tabular}\n"
      "\n\\smallskip\\footnotesize Three seeds.\n"
      "\n\\smallskip\\footnotesize (a) no reference\n"
      "\n\\smallskip\\footnotesize (b) not reached\n\\end{table}\n");
  Table minus;
  minus.columns = {{"d"}};
  minus.rows = {{{Number{-1.5}}}};
  EXPECT_THAT(to_latex({minus}), ::testing::HasSubstr("\n$-$1.5 \\\\"));
}

TEST(Table, Csv) {
  Table table = example();
  table.title = "a, \"b\"";
  EXPECT_EQ(to_csv({table}),
            "table,method,accuracy (%): short,accuracy (%): long,difference,difference low,"
            "difference high,cost\r\n"
            "\"a, \"\"b\"\"\",base,90,41.26,,,,0\r\n"
            "\"a, \"\"b\"\"\",uni_10x,62.3,40.2,0,0,0,20\r\n"
            "\"a, \"\"b\"\"\",Temp+,63.65,,1.38,-0.04,2.5,7\r\n");
}

TEST(Table, JsonKeepsNumbersAndReasons) {
  Table second;
  second.title = "published at paper scale";
  second.columns = {{"x"}};
  second.rows = {{{Number{std::numeric_limits<double>::quiet_NaN()}}}};
  const auto json = boost::json::parse(to_json({example(), second}));
  const auto& tables = json.at("tables").as_array();
  ASSERT_EQ(tables.size(), 2U);
  const auto& rows = tables[0].at("rows").as_array();
  EXPECT_EQ(rows[0].at(3).at("missing").as_string(), "no reference");
  EXPECT_DOUBLE_EQ(rows[2].at(1).as_double(), 63.65);
  EXPECT_DOUBLE_EQ(rows[2].at(3).at("low").as_double(), -0.04);
  EXPECT_EQ(tables[1].at("title").as_string(), "published at paper scale");
  EXPECT_TRUE(tables[1].at("rows").at(0).at(0).is_null());
}

TEST(Table, RefusesRowsOfAnotherShape) {
  Table table = example();
  table.rows[0].cells.pop_back();
  EXPECT_THROW(to_terminal({table}, false), std::logic_error);
  EXPECT_THROW(to_csv({table}), std::logic_error);
  EXPECT_THROW(to_json({table}), std::logic_error);
}

// Names and reasons come from configs and pools, and a table is opened by other programs.
Table hostile() {
  Table table;
  table.title = "<script>alert(1)</script>";
  table.columns = {{"=1+1", "\\input{x}"}, {"c"}};
  table.rows = {{{"=cmd|' /C calc'!A0", "[x](javascript:y) <b>*z*</b>"}},
                {{"[3pt] 50% & $x$ \\write18{y}", "a\x1b[2J\nb"}},
                {{"*", Missing{"<img src=x> \x1b[31m"}}},
                {{"-1", "+1"}},
                {{"@SUM(A1)", "plain"}}};
  return table;
}

TEST(Table, CsvTextIsNoFormula) {
  const std::string text = to_csv({hostile()});
  EXPECT_THAT(text, ::testing::HasSubstr(",\\input{x}: =1+1,"));
  EXPECT_THAT(text, ::testing::HasSubstr(",'=cmd|' /C calc'!A0,"));
  EXPECT_THAT(text, ::testing::HasSubstr(",'-1,'+1\r\n"));
  EXPECT_THAT(text, ::testing::HasSubstr(",'@SUM(A1),plain\r\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("a\\u001b[2J\\u000ab\r\n"));
  EXPECT_THAT(to_csv({example()}), ::testing::HasSubstr(",-0.04,"));  // numbers are numbers
}

TEST(Table, MarkdownTextIsNoMarkup) {
  const std::string text = to_markdown({hostile()});
  EXPECT_EQ(text.find_first_of("<\x1b"), std::string::npos);
  EXPECT_THAT(text, ::testing::HasSubstr("### &lt;script&gt;alert(1)&lt;/script&gt;\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("| \\[x\\](javascript:y) &lt;b&gt;\\*z\\*&lt;/b&gt; |"));
  EXPECT_THAT(text, ::testing::HasSubstr("| =cmd\\|' /C calc'!A0 |"));
}

TEST(Table, LatexTextIsNoCommand) {
  const std::string text = to_latex({hostile()});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_THAT(
      text, ::testing::HasSubstr("\n{[}3pt] 50\\% \\& \\$x\\$ \\textbackslash{}write18\\{y\\} & "));
  EXPECT_THAT(text, ::testing::HasSubstr("\n{*} & -- (a)"));
  EXPECT_THAT(text, ::testing::HasSubstr("c}{\\textbackslash{}input\\{x\\}}"));
}

TEST(Table, StandsBesideAnother) {
  const std::string text = to_terminal({example(), example()}, false);
  EXPECT_THAT(text, ::testing::HasSubstr("(b) not reached\n\nTable 1\n"));
}

}  // namespace
}  // namespace winnow
