#include "pool/row_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "core/hash.h"
#include "core/parallel.h"
#include "core/random.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::Optional;

RowFacts row(const std::string& id, const std::string& source = "s") {
  return {id, source, Modality::image, "static", digest_of(id), 2};
}

TEST(ContentDigestTest, IsTheTextInSixteenBytes) {
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.push_back(digest_of(std::to_string(i)));
  for (const std::string& a : texts) {
    ASSERT_TRUE(ContentDigest::parse(a));
    EXPECT_EQ(ContentDigest::parse(a)->text(), a);
    for (const std::string& b : texts) {
      EXPECT_EQ(*ContentDigest::parse(a) < *ContentDigest::parse(b), a < b);
    }
  }
  const std::string digest = texts.front();
  for (const std::string& none : {std::string(), digest.substr(1), digest + "0",
                                  "G" + digest.substr(1), "A" + digest.substr(1)}) {
    EXPECT_EQ(ContentDigest::parse(none), std::nullopt) << none;
  }
}

TEST(RowTableTest, KeepsEveryFact) {
  const std::vector<RowFacts> facts = {
      {"", "", Modality::text, "", digest_of("a"), 0},
      {"an id with\0 a zero byte", "source é", Modality::video, "temporal", digest_of("b"),
       4294967295},
      {std::string(5000, 'x'), "source é", Modality::image, "static", digest_of("a"), 7}};
  const RowTable table(facts);
  ASSERT_EQ(table.size(), 3U);
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const RowFacts found = table.facts(i);
    EXPECT_EQ(found.id, facts[i].id);
    EXPECT_EQ(found.source, facts[i].source);
    EXPECT_EQ(found.modality, facts[i].modality);
    EXPECT_EQ(found.question_type, facts[i].question_type);
    EXPECT_EQ(found.content_digest, facts[i].content_digest);
    EXPECT_EQ(found.answer_words, facts[i].answer_words);
  }
  EXPECT_EQ(table.content(0), table.content(2));
  EXPECT_THAT(table.sources(), ElementsAre("", "source é"));
}

TEST(RowTableTest, AWordInThePlaceOfADigestTellsRowsApartAlike) {
  RowTable table(std::vector<RowFacts>(3));
  EXPECT_EQ(table.content(0), table.content(1));
  table = RowTable({{"a", "", Modality::image, "", "one", 0},
                    {"b", "", Modality::image, "", "two", 0},
                    {"c", "", Modality::image, "", "one", 0}});
  EXPECT_EQ(table.content(0), table.content(2));
  EXPECT_NE(table.content(0), table.content(1));
}

TEST(RowTableTest, RefusesMoreThanItCanCount) {
  RowTable table;
  RowFacts facts = row("a");
  facts.answer_words = std::int64_t{1} << 32;
  EXPECT_THROW(table.append(facts), std::length_error);
  facts.answer_words = -1;
  EXPECT_THROW(table.append(facts), std::length_error);
  EXPECT_EQ(table.size(), 0U);
}

TEST(RowTableTest, FindsRowsByIdFromSeveralThreads) {
  RowTable table;
  std::vector<std::string> ids;
  for (int i = 0; i < 2000; ++i) ids.push_back(std::to_string(i * 7919 % 2000));
  for (const std::string& id : ids) table.append(row(id));
  parallel_for(
      ids.size(), [&](std::size_t i) { ASSERT_EQ(table.find(ids[i]), i); }, 8);
  EXPECT_EQ(table.find("2000"), std::nullopt);
  const RowTable copy = table;
  table.append(row("0"));
  EXPECT_THAT(table.find("0"), Optional(*copy.find("0"))) << "of rows with one id the first";
  table.append(row("2000"));
  EXPECT_THAT(table.find("2000"), Optional(2001U));
  EXPECT_EQ(copy.find("2000"), std::nullopt);
  table.rename([](std::size_t i) { return i == 5 ? std::string("five") : std::string(); });
  EXPECT_THAT(table.find("five"), Optional(5U));
  EXPECT_EQ(table.find(ids[5]), std::nullopt);
  EXPECT_EQ(table.id(6), ids[6]);
  for (std::size_t i = 1; i < table.by_id().size(); ++i) {
    EXPECT_LE(table.id(table.by_id()[i - 1]), table.id(table.by_id()[i]));
  }
}

TEST(RowTableTest, ASubsetIsATableOfItsOwn) {
  const RowTable table({row("a", "x"), row("b", "y"), row("c", "z")});
  RowTable part = table.subset({2, 0, 2});
  ASSERT_EQ(part.size(), 3U);
  EXPECT_EQ(part.id(0), "c");
  EXPECT_EQ(part.id(1), "a");
  EXPECT_EQ(part.source(2), "z");
  EXPECT_THAT(part.sources(), ElementsAre("x", "z"));
  EXPECT_THAT(part.find("c"), Optional(0U));
  part.set_content_digest(0, part.content(1));
  part.append(row("d", "w"));
  EXPECT_EQ(part.source(3), "w");
  EXPECT_EQ(part.content_digest(0), digest_of("a"));
  EXPECT_EQ(table.content_digest(2), digest_of("c"));
}

}  // namespace
}  // namespace winnow
