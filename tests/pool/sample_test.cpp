#include "pool/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace winnow {
namespace {

using testing::ElementsAre;

std::vector<std::string> pieces(const std::string& text) {
  return pieces_around_media({Turn::Role::user, text});
}

TEST(Turns, AreCutAtTheirMedia) {
  EXPECT_THAT(pieces("no media"), ElementsAre("no media"));
  EXPECT_THAT(pieces("<media>\nWhat?"), ElementsAre("", "\nWhat?"));
  EXPECT_THAT(pieces("a<media><media>b"), ElementsAre("a", "", "b"));
  EXPECT_THAT(pieces("<media<media> <medium>"), ElementsAre("<media", " <medium>"));
  EXPECT_THAT(pieces_around_media({Turn::Role::assistant, "a <media> b"}),
              ElementsAre("a <media> b"));
  EXPECT_THAT(pieces_around_media({Turn::Role::system, "<media>"}), ElementsAre("<media>"));
}

TEST(Turns, AUserMayWriteAboutTheTag) {
  const std::string escaped = escape_placeholders("the tag <media> of MRSS");
  EXPECT_EQ(escaped.find(kMediaPlaceholder), std::string::npos);
  EXPECT_THAT(pieces("<media>" + escaped), ElementsAre("", "the tag <media> of MRSS"));
  EXPECT_EQ(escape_placeholders("<medium> <media"), "<medium> <media");
}

TEST(Turns, EveryTextComesBack) {
  const std::vector<std::string> parts = {"<media>", "<media", ">", "<", "\xE2\x81\xA0", "x", "<m"};
  RandomStream random(3, "sample_test");
  for (int i = 0; i < 2000; ++i) {
    std::string before, behind;
    for (int k = 0; k < 6; ++k) {
      before += parts[random.below(parts.size())];
      behind += parts[random.below(parts.size())];
    }
    const std::string text = escape_placeholders(before) + "<media>" + escape_placeholders(behind);
    EXPECT_THAT(pieces(text), ElementsAre(before, behind));
  }
}

Sample example() {
  Sample sample;
  sample.turns = {
      {Turn::Role::system, "s"}, {Turn::Role::user, "<media>\nq"}, {Turn::Role::assistant, "a"}};
  Media frames{Media::Kind::frames, {"/r/x/0.png", "/o/1.png"}, 2.0};
  frames.root = "/r";
  sample.media = {frames};
  return sample;
}

// Subsets and caches are named by these.
TEST(ContentDigest, KeepsItsRecordedValue) {
  EXPECT_EQ(example().content_digest(), "49e0f1601c8fe43ddaf3c9ff594a7d8a");
}

TEST(ContentDigest, CoversWhatIsLearntAndSeen) {
  std::vector<Sample> samples(6, example());
  samples[1].turns[2].trained = false;
  samples[2].media[0].start = 1.0;
  samples[3].media[0].end = 1.0;
  samples[4].tools = "[{}]";
  samples[5].media[0].frames_per_second.reset();
  std::set<std::string> digests;
  for (const Sample& sample : samples) digests.insert(sample.content_digest());
  EXPECT_EQ(digests.size(), samples.size());
  Sample noted = example();
  noted.notes = {{"unread_media", "img"}};
  EXPECT_EQ(noted.content_digest(), example().content_digest());
}

}  // namespace
}  // namespace winnow
