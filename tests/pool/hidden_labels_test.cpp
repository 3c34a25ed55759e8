#include "pool/hidden_labels.h"

#include <gmock/gmock.h>

#include "core/errors.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(HiddenLabels, AreTrueAndFalseAndAWrongThatSaysHow) {
  const TemporaryFolder folder;
  const HiddenLabels labels(folder.write(
      "labels.jsonl",
      "{\"id\": \"a\", \"type\": \"colour\", \"wrong\": \"mirrored\", \"blind\": false}\n\n"
      "{\"blind\": true, \"id\": \"b\", \"wrong\": \"\"}\n"));
  EXPECT_THAT(labels.names(), ElementsAre("wrong", "blind"));
  EXPECT_TRUE(labels.has("a", "wrong"));
  EXPECT_FALSE(labels.has("a", "blind"));
  EXPECT_FALSE(labels.has("b", "wrong"));
  EXPECT_TRUE(labels.has("b", "blind"));
  EXPECT_FALSE(labels.has("b", "type"));
  EXPECT_FALSE(labels.contains("type"));
  EXPECT_THROW(labels.has("c", "wrong"), DataError);
}

TEST(HiddenLabels, NameTheLineOfAMistake) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& second) -> std::string {
    try {
      HiddenLabels(folder.write("labels.jsonl", "{\"id\": \"a\", \"wrong\": true}\n" + second));
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message("oops"), HasSubstr("labels.jsonl:2: "));
  EXPECT_THAT(message("{\"wrong\": true}"), HasSubstr("`id`"));
  EXPECT_THAT(message("{\"id\": \"b\"}"), HasSubstr("label of the first row"));
  EXPECT_THAT(message("{\"id\": \"a\", \"wrong\": true}"), HasSubstr("'a' occurs twice"));
  EXPECT_THROW(HiddenLabels(folder / "none.jsonl"), IoError);
}

}  // namespace
}  // namespace winnow
