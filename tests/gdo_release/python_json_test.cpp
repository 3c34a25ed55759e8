#include "gdo_release/python/python_json.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "golden.h"

namespace winnow::python {
namespace {

std::string again(const std::string& value) {
  std::string out;
  append_value(out, value);
  return out;
}

std::string text_of(double value) {
  std::string out;
  append_float(out, value);
  return out;
}

TEST(PythonJson, TakesWhatPythonTakes) {
  EXPECT_EQ(again(" [1, -0,\t1.50,-0.0, 1e5, 1E+300, 1e400, NaN, -Infinity, true, null ] "),
            "[1, 0, 1.5, -0.0, 100000.0, 1e+300, Infinity, NaN, -Infinity, true, null]");
  EXPECT_EQ(again(R"({"b":[],"a":{},"b":2,"\u0062":3})"), R"({"b": 3, "a": {}})");
  EXPECT_EQ(again(R"("\/\b\f\n\r\t\"\\\u00e9\u0001\ud83d\ude00)"
                  "\x7F\""),
            "\"/\\b\\f\\n\\r\\t\\\"\\\\é\\u0001😀\x7F\"");
  EXPECT_EQ(again("12345678901234567890123456789"), "12345678901234567890123456789");
}

TEST(PythonJson, RefusesWhatPythonRefuses) {
  for (const char* broken : {"",
                             " ",
                             "{",
                             "[1,]",
                             "[1 2]",
                             "{\"a\"}",
                             "{\"a\":1,}",
                             "{a:1}",
                             "'a'",
                             "01",
                             "1.",
                             ".5",
                             "+1",
                             "-",
                             "1e",
                             "-NaN",
                             "nan",
                             "tru",
                             "nul",
                             "\"a",
                             "\"\n\"",
                             "\"\\x\"",
                             "\"\\u12g4\"",
                             "\"\\",
                             "[1]]",
                             "\xEF\xBB\xBF{}",
                             "\"\\ud83d\\uzzzz\""}) {
    EXPECT_THROW(
        {
          JsonReader reader(broken);
          reader.skip();
          reader.finish();
        },
        JsonError)
        << broken;
  }
}

TEST(PythonJson, StopsWherePythonStops) {
  const auto skip = [](const std::string& text) { JsonReader(text).skip(); };
  EXPECT_NO_THROW(skip(std::string(900, '[') + std::string(900, ']')));
  EXPECT_THROW(skip(std::string(100000, '[') + std::string(100000, ']')), JsonLimit);
  EXPECT_NO_THROW(skip(std::string(4300, '1')));
  EXPECT_THROW(skip(std::string(4301, '1')), JsonLimit);
  EXPECT_NO_THROW(skip(std::string(4301, '1') + ".0"));
  EXPECT_NO_THROW(skip(R"("\ud800")"));
  EXPECT_THROW(again(R"("\ud800")"), JsonLimit);
  EXPECT_THROW(again(R"("\ude00\ud83d")"), JsonLimit);
}

TEST(PythonJson, WritesFloatsAsPythonDoes) {
  EXPECT_EQ(text_of(0.0), "0.0");
  EXPECT_EQ(text_of(-0.0), "-0.0");
  EXPECT_EQ(text_of(3.0), "3.0");
  EXPECT_EQ(text_of(0.1), "0.1");
  EXPECT_EQ(text_of(-123.456), "-123.456");
  EXPECT_EQ(text_of(0.0001), "0.0001");
  EXPECT_EQ(text_of(0.00001), "1e-05");
  EXPECT_EQ(text_of(1.5e-7), "1.5e-07");
  EXPECT_EQ(text_of(1e15), "1000000000000000.0");
  EXPECT_EQ(text_of(1e16), "1e+16");
  EXPECT_EQ(text_of(1234567890123456.7), "1234567890123456.8");
  EXPECT_EQ(text_of(1.7976931348623157e308), "1.7976931348623157e+308");
  EXPECT_EQ(text_of(5e-324), "5e-324");
  EXPECT_EQ(text_of(std::nan("")), "NaN");
  EXPECT_EQ(text_of(-std::numeric_limits<double>::infinity()), "-Infinity");
}

TEST(PythonJson, RoundsToSinglePrecisionByWayOfDouble) {
  const auto check = [](const std::string& written) {
    JsonReader single(written), both(written);
    const float value = single.single();
    EXPECT_EQ(text_of(value), text_of(static_cast<float>(both.number()))) << written;
    EXPECT_EQ(std::signbit(value), written.front() == '-') << written;
    single.finish();
  };
  for (const char* written :
       {"0", "-0", "0.0", "-0.0", "1", "12345678901234567890", "0.1860520839691162", "1e-5",
        "-2.5E3", "1e39", "-1e400", "0.0000000000000000001", "1e-50", "16777217", "16777217.000001",
        "16777216.999999999", "1.00000005960464477539", "1.000000059604644775390625"}) {
    check(written);
  }
  // Halves between two floats, and their neighbours.
  unsigned state = 7;
  for (int i = 0; i < 20000; ++i) {
    state = state * 1664525U + 1013904223U;
    const float below = 1.0F + static_cast<float>(state >> 9) / 8388608.0F;
    const double half =
        (static_cast<double>(below) + static_cast<double>(std::nextafter(below, 4.0F))) / 2.0;
    for (const double value : {half, std::nextafter(half, 0.0), std::nextafter(half, 4.0)}) {
      check(text_of(value));
      check(text_of(-value * 1e-7));
    }
  }
  for (const char* broken : {"01", "1.", ".5", "-", "--1", "1e", "00"}) {
    JsonReader reader(broken);
    EXPECT_THROW((reader.single(), reader.finish()), JsonError) << broken;
  }
}

TEST(PythonJson, ReadsNumbersFromTextsAsPythonDoes) {
  EXPECT_EQ(float_of_text(" \t1_000.5e1\n"), 10005.0);
  EXPECT_EQ(float_of_text("-1"), -1.0);
  EXPECT_TRUE(std::isnan(float_of_text("-NaN").value()));
  EXPECT_EQ(float_of_text("+iNFinity"), std::numeric_limits<double>::infinity());
  for (const char* none : {"", " ", "+", "--1", "+-1", "_1", "1_", "1__0", "1_.5", "1._5", "1e_5",
                           "0x10", "1,5", "1 2", "nan(1)", "infinit",
                           "\x1c"
                           "1",
                           "\xC2"}) {
    EXPECT_EQ(float_of_text(none), std::nullopt) << none;
  }
}

// The text between the quotes of Python's repr of a text in the recorded cases.
std::string of_repr(std::string_view text) {
  std::string json = "\"";
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text.substr(i).starts_with("\\x")) {
      json += "\\u00", ++i;
    } else {
      json += text[i];
    }
  }
  std::string scratch;
  return std::string(JsonReader(json += '"').text(scratch));
}

TEST(GoldenReleaseNumbers, FloatsOfTexts) {
  const std::string content = testing_support::read_golden("gdo_release/text/numeric.json");
  JsonReader reader(content);
  std::string scratch, other;
  std::string_view key;
  int texts = 0;
  for (reader.object(); reader.next_key(key, scratch);) {
    if (key != "as_float") {
      reader.skip();
      continue;
    }
    for (reader.list(); reader.next_element();) {
      reader.list();
      ASSERT_TRUE(reader.next_element());
      const std::string written(reader.text(other));
      ASSERT_TRUE(reader.next_element());
      const std::string_view expected = reader.skip();
      ASSERT_FALSE(reader.next_element());
      if (written.front() != '\'') continue;
      ++texts;
      std::optional<double> value = float_of_text(of_repr(written));
      if (value && !std::isfinite(*value)) value.reset();  // the recorded function drops these
      EXPECT_EQ(value ? text_of(*value) : "null", expected) << written;
    }
  }
  EXPECT_GT(texts, 15);
}

}  // namespace
}  // namespace winnow::python
