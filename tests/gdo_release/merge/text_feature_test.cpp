#include "gdo_release/merge/text_feature.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gdo_release/golden_rows.h"
#include "gdo_release/python/hash.h"
#include "gdo_release/recorded_json.h"

namespace winnow::gdo_release {
namespace {

using testing_support::elements;
using testing_support::fields;
using testing_support::golden_lines;
using testing_support::text;

TEST(GoldenReleaseTextFeature, CountsTokensByPythonsHash) {
  int rows = 0;
  for (const std::string& line : golden_lines("text/text_feature_hashseed0.jsonl")) {
    std::vector<float> expected;
    std::string question, answer;
    for (const auto& [key, value] : fields(line)) {
      if (key == "q") {
        question = text(value);
      } else if (key == "a") {
        answer = text(value);
      } else {
        for (const std::string& element : elements(value)) {
          expected.push_back(python::single_of_number(element));
        }
      }
    }
    const auto feature = text_feature(question, answer);
    EXPECT_EQ(std::vector<float>(feature.begin(), feature.end()), expected) << question;
    ++rows;
  }
  EXPECT_GT(rows, 10);
}

TEST(ReleaseTextFeature, IsZeroWithoutTokens) {
  EXPECT_EQ(text_feature("什么?", "!"), (std::array<float, 16>{}));
  EXPECT_EQ(python::hash(""), 0);
}

}  // namespace
}  // namespace winnow::gdo_release
