#include "gdo_release/python/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "gdo_release/python/json_writer.h"
#include "gdo_release/recorded_json.h"
#include "golden.h"

namespace winnow::gdo_release::python {
namespace {

using testing_support::elements;
using testing_support::fields;
using testing_support::read_golden;
using testing_support::text;

TEST(PythonText, ReadsNumbersFromTextsAsPythonDoes) {
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
std::string of_repr(std::string_view quoted) {
  std::string json = "\"";
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted.substr(i).starts_with("\\x")) {
      json += "\\u00", ++i;
    } else {
      json += quoted[i];
    }
  }
  return text(json += '"');
}

TEST(GoldenReleaseNumbers, FloatsOfTexts) {
  int texts = 0;
  const auto recorded = fields(read_golden("gdo_release/text/numeric.json"));
  for (const std::string& entry : elements(recorded.at("as_float"))) {
    const std::vector<std::string> pair = elements(entry);
    ASSERT_EQ(pair.size(), 2U);
    const std::string written = text(pair[0]);
    if (written.front() != '\'') continue;
    ++texts;
    std::optional<double> value = float_of_text(of_repr(written));
    if (value && !std::isfinite(*value)) value.reset();  // the recorded function drops these
    std::string ours = "null";
    if (value) append_float(ours = "", *value);
    EXPECT_EQ(ours, pair[1]) << written;
  }
  EXPECT_GT(texts, 15);
}

TEST(PythonText, KnowsHalfASurrogatePair) {
  EXPECT_TRUE(has_half_surrogate("a\xED\xA0\x80"));
  EXPECT_TRUE(has_half_surrogate("\xED\xBF\xBF"));
  EXPECT_FALSE(has_half_surrogate("\xED\x9F\xBF"));  // the character before them
  EXPECT_FALSE(has_half_surrogate("😀"));
}

}  // namespace
}  // namespace winnow::gdo_release::python
