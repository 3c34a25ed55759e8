#include "core/printable.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace winnow {
namespace {

TEST(Printable, OrdinaryTextStays) {
  for (const char* text :
       {"", "plain", "図 é ñ 😀 👩‍👩‍👧", "a\\u001b written out", "tabs? no"}) {
    EXPECT_EQ(printable(text), text);
    EXPECT_EQ(printable_lines(text), text);
  }
  EXPECT_EQ(printable_lines("two\n\tlines"), "two\n\tlines");
  EXPECT_EQ(printable("two\n\tlines\r"), "two\\u000a\\u0009lines\\u000d");
}

TEST(Printable, WhatMovesATerminalIsSpeltOut) {
  EXPECT_EQ(printable("\x1b]0;title\x07\x1b[2J"), "\\u001b]0;title\\u0007\\u001b[2J");
  EXPECT_EQ(printable_lines("a\rb\x7f"), "a\\u000db\\u007f");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\u009b31m");  // C1
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "gpj.exe"),
            "\\u202egpj.exe");  // override
  EXPECT_EQ(printable("\xE2\x81\xA6\xE2\x80\x8F\xD8\x9C"), "\\u2066\\u200f\\u061c");
  EXPECT_EQ(printable_lines("a\xE2\x80\xA8"
                            "b"),
            "a\\u2028b");  // line separator
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\u0000b");
}

TEST(Printable, BytesThatAreNoUtf8AreSpeltOut) {
  EXPECT_EQ(printable("\x9B"
                      "31m"),
            "\\u009b31m");
  EXPECT_EQ(printable("\xC3("), "\\u00c3(");
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\u00ed\\u00a0\\u0080");  // a surrogate
  EXPECT_EQ(printable("\xC0\xAF\xF4\x90\x80\x80"), "\\u00c0\\u00af\\u00f4\\u0090\\u0080\\u0080");
  EXPECT_EQ(printable("cut \xE2\x80"), "cut \\u00e2\\u0080");
}

TEST(Printable, JsonKeepsItsMeaning) {
  const boost::json::object object{{"id", "a\xC2\x9B\xE2\x80\xAE\"\\"}};
  const std::string shown = printable(boost::json::serialize(object));
  EXPECT_EQ(shown.find('\x9B'), std::string::npos);
  EXPECT_EQ(boost::json::parse(shown), object);
}

TEST(Shortened, CutsBetweenCharacters) {
  EXPECT_EQ(shortened("short", 5), "short");
  EXPECT_EQ(shortened("longer", 4), "long...");
  EXPECT_EQ(shortened("a😀b", 3), "a...");
  EXPECT_EQ(shortened("abc", 0), "...");
}

}  // namespace
}  // namespace winnow
