#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "gdo_release/merge/text_feature.h"
#include "gdo_release/python/python_json.h"
#include "golden.h"

namespace winnow::gdo_release {
namespace {

TEST(GoldenReleaseTextFeature, CountsTokensByPythonsHash) {
  const std::string content =
      testing_support::read_golden("gdo_release/text/text_feature_hashseed0.jsonl");
  std::string_view rest = content;
  int rows = 0;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    python::JsonReader reader(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    std::string scratch, text, question, answer;
    std::string_view key;
    std::vector<float> expected;
    for (reader.object(); reader.next_key(key, scratch);) {
      if (key == "q") {
        question = reader.text(text);
      } else if (key == "a") {
        answer = reader.text(text);
      } else {
        for (reader.list(); reader.next_element();) expected.push_back(reader.single());
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
  EXPECT_EQ(python_hash(""), 0);
}

}  // namespace
}  // namespace winnow::gdo_release
