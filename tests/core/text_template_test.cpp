#include "core/text_template.h"

#include <gmock/gmock.h>

#include "core/errors.h"

namespace winnow {
namespace {

TEST(TextTemplate, FillsPlacesOnce) {
  const TextTemplate text("{{x}} {a}: {b}\n{a}", {"a", "b", "c"}, "prompt");
  EXPECT_EQ(text.fill({{"a", "{b}"}, {"b", "2"}}), "{x} {b}: 2\n{b}");
  EXPECT_EQ(text.count("a"), 2U);
  EXPECT_EQ(text.count("c"), 0U);
  EXPECT_EQ(TextTemplate("", {}, "prompt").fill({}), "");
}

TEST(TextTemplate, RefusesUnknownPlacesAndOpenBraces) {
  for (const char* wrong : {"{questoin}", "{question", "a } b", "{}"}) {
    try {
      TextTemplate(wrong, {"question", "options"}, "benchmarks.mine.prompt");
      FAIL() << wrong;
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), testing::StartsWith("benchmarks.mine.prompt has "));
    }
  }
  try {
    TextTemplate("{questoin}", {"question", "options"}, "prompt");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("Did you mean 'question'?"));
  }
}

}  // namespace
}  // namespace winnow
