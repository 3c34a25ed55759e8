#include "core/base64.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace winnow {
namespace {

TEST(Base64, IsThatOfTheStandard) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},        {"f", "Zg=="},          {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfd", "//79"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, ReadsWhatPeopleWrite) {
  EXPECT_EQ(from_base64("Zm9v\nYmFy\r\n"), "foobar");
  EXPECT_EQ(from_base64("Zg"), "f");  // no padding
  EXPECT_EQ(from_base64("__79"), "\xff\xfe\xfd");
  for (const char* broken : {"Z", "Zg=", "Zg===", "Z===", "Zm9v!", "Zg==Zg==", "a.png"}) {
    EXPECT_EQ(from_base64(broken), std::nullopt) << broken;
  }
}

TEST(Base64, ComesBack) {
  RandomStream random(1, "base64");
  for (int size = 0; size < 200; ++size) {
    std::string bytes;
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(random.below(256));
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
  }
}

}  // namespace
}  // namespace winnow
