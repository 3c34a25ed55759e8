#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "gdo_release/python/json_writer.h"

namespace winnow::gdo_release::python {
namespace {

// json.dumps(json.loads(text)), or nothing where the latter raises.
std::optional<std::string> again(const std::string& text) {
  const std::optional<Value> value = parse_json(text);
  if (!value) return std::nullopt;
  std::string out;
  append_value(out, *value);
  return out;
}

// The same of what a scanner has found.
std::string again_from_scan(const std::string& text) {
  std::string buffer, out;
  JsonScanner scanner(padded(text, buffer));
  RawValue value;
  EXPECT_TRUE(scanner.value(value)) << text;
  append_again(out, value);
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
  for (const char* value : {"[1,-0,\t1.50, 1e400]", R"({"b":[],"\u0062":3})", R"("\u00e9\/")",
                            "\"plain é\"", "-0", "1.50", "null", "true", "false", "NaN"}) {
    EXPECT_EQ(again_from_scan(value), again(value)) << value;
  }
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
    EXPECT_EQ(again(broken), std::nullopt) << broken;
  }
}

TEST(PythonJson, StopsWherePythonStops) {
  // Of a text: whether it is read, and the limit that it is beyond.
  const auto read = [](const std::string& text) {
    std::string buffer;
    JsonScanner scanner(padded(text, buffer));
    const bool good = scanner.skip_value();
    return std::pair(good, std::string(scanner.limit() == nullptr ? "" : scanner.limit()));
  };
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const std::pair good(true, std::string()), bad(false, std::string());
  EXPECT_EQ(read(nested(992)), good);
  EXPECT_EQ(read(nested(993)).second, "nested more deeply than Python reads");
  EXPECT_EQ(read(nested(100000)).second, "nested more deeply than Python reads");
  EXPECT_EQ(read(std::string(4300, '1')), good);
  EXPECT_EQ(read("-" + std::string(4301, '1')).second, "an integer of more than 4300 digits");
  EXPECT_EQ(read(std::string(4301, '1') + ".0"), good);
  EXPECT_EQ(read("[1, x]"), bad);
  EXPECT_EQ(read(R"("\ud800")"), good);
  EXPECT_THROW(again_from_scan(R"("\ud800")"), EncodeError);
  EXPECT_THROW(again_from_scan(R"(["\ude00\ud83d"])"), EncodeError);
}

// Texts are looked at 32 bytes at a time; where something stands must not matter.
TEST(PythonJson, FindsTheEndOfATextWhereverItStands) {
  for (std::size_t before = 0; before < 70; ++before) {
    const std::string plain(before, 'a');
    EXPECT_EQ(again('"' + plain + '"'), '"' + plain + '"');
    EXPECT_EQ(again('"' + plain + "\\n" + plain + "\\\\\""),
              '"' + plain + "\\n" + plain + "\\\\\"");
    EXPECT_EQ(again('"' + plain + "\\u00e9\""), '"' + plain + "é\"");
    EXPECT_EQ(again('"' + plain + '\t' + plain + '"'), std::nullopt);
    EXPECT_EQ(again('"' + plain), std::nullopt);
    EXPECT_EQ(again('"' + plain + "\\\""), std::nullopt);
  }
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
    const float value = single_of_number(written);
    EXPECT_EQ(text_of(value), text_of(static_cast<float>(float_of_number(written)))) << written;
    EXPECT_EQ(std::signbit(value), written.front() == '-') << written;
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
}

TEST(PythonJson, TellsTruthFromFalsehoodAsPythonDoes) {
  const auto truth = [](const std::string& text) {
    std::string buffer;
    JsonScanner scanner(padded(text, buffer));
    RawValue value;
    EXPECT_TRUE(scanner.value(value)) << text;
    return is_truthy(value);
  };
  for (const char* no : {"null", "false", "0", "-0", "0.0", "-0e5", "\"\"", "[ ]", "{}"}) {
    EXPECT_FALSE(truth(no)) << no;
  }
  for (const char* yes : {"true", "1", "0.1", "NaN", "\" \"", "[0]", "{ \"\":0}"}) {
    EXPECT_TRUE(truth(yes)) << yes;
  }
}

TEST(PythonValue, IsWrittenAsATextAsPythonDoes) {
  const auto text_of_value = [](const std::string& json) { return str(parse_json(json).value()); };
  EXPECT_EQ(
      text_of_value(R"([null, true, -0, 1.50, 1e400, NaN, "a'b", "a\"'", {"k": "\n\u0007"}])"),
      R"([None, True, 0, 1.5, inf, nan, "a'b", 'a"\'', {'k': '\n\x07'}])");
  EXPECT_EQ(text_of_value(R"(["é\u200b\ud83d\ude00\ud800\u00ad"])"), "['é\\u200b😀\\ud800\\xad']");
  EXPECT_EQ(text_of_value(R"("it's")"), "it's");
}

#ifdef __AVX2__
// What runs on processors without these instructions finds the same.
TEST(ByteBlock, TheTwoFormsAgree) {
  std::uint32_t state = 1;
  for (int round = 0; round < 20000; ++round) {
    std::array<char, ByteBlock::size> bytes, stored;
    for (char& byte : bytes) {
      state = state * 1664525U + 1013904223U;
      byte = static_cast<char>(state >> 24);
    }
    const PortableByteBlock portable(bytes.data());
    const Avx2ByteBlock fast(bytes.data());
    ASSERT_EQ(portable.control(), fast.control());
    ASSERT_EQ(portable.non_ascii(), fast.non_ascii());
    ASSERT_EQ(portable.word(), fast.word());
    for (const char c : {'"', '\\', ' ', '<', bytes[7]})
      ASSERT_EQ(portable.equal(c), fast.equal(c));
    fast.store(stored.data());
    ASSERT_EQ(stored, bytes);
    portable.store(stored.data());
    ASSERT_EQ(stored, bytes);
  }
}
#endif

}  // namespace
}  // namespace winnow::gdo_release::python
