#include "models/byte_pair_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/errors.h"
#include "core/files.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::Pair;

const std::vector<std::string> kEnd = {"<|im_end|>"};

TEST(BytePairTrainerTest, MergesTheMostFrequentPairFirst) {
  // Words and counts: "ab" 3, " ab" 1, "abc" 2, "xy" 2, "q" 1.
  const BytePairVocabulary vocabulary =
      train_byte_pairs({"ab", "ab ab", "abc", "ab", "abc", "xy", "xy", "q"}, 1000, kEnd);
  // "ab" stands six times; then "abc" and "xy" twice each, in byte order; nothing else twice.
  EXPECT_THAT(vocabulary.merges, ElementsAre(Pair("a", "b"), Pair("ab", "c"), Pair("x", "y")));
  EXPECT_EQ(vocabulary.tokens.at("ab"), 256);
  EXPECT_EQ(vocabulary.tokens.at("xy"), 258);
  EXPECT_EQ(vocabulary.added.at("<|im_end|>"), 259);
}

TEST(BytePairTrainerTest, CountsOverlappingPairsOnceMerged) {
  // "aaaa" becomes "aa" "aa", which then merge.
  const BytePairVocabulary vocabulary = train_byte_pairs({"aaaa", "aaaa"}, 1000, kEnd);
  EXPECT_THAT(vocabulary.merges, ElementsAre(Pair("a", "a"), Pair("aa", "aa")));
}

TEST(BytePairTrainerTest, StopsAtTheWantedSizeWhateverTheOrderOfTexts) {
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) {
    texts.push_back("the " + std::to_string(i % 7) + "th red ball rolls over a blue box");
  }
  const BytePairVocabulary some = train_byte_pairs(texts, 270, kEnd);
  EXPECT_EQ(some.tokens.size() + some.added.size(), 270U);
  std::reverse(texts.begin(), texts.end());
  EXPECT_EQ(train_byte_pairs(texts, 270, kEnd).merges, some.merges);
  EXPECT_THROW(train_byte_pairs(texts, 256, kEnd), ConfigError);
}

TEST(BytePairTrainerTest, WritesAFileThatComesBack) {
  const std::filesystem::path file = testing_support::temporary_folder() / "tokenizer.json";
  // Control characters, Latin-1 and others are written as other characters.
  const BytePairVocabulary vocabulary = train_byte_pairs(
      {"caf\u00e9 \u4f60\u597d", "caf\u00e9 \u4f60\u597d", "\t\n\t\n", "\t\n\t\n"}, 1000, kEnd);
  EXPECT_GT(vocabulary.merges.size(), 8U);
  write_file(file, tokenizer_json_text(vocabulary));
  const BytePairVocabulary read = read_tokenizer_json(file);
  EXPECT_EQ(read.tokens, vocabulary.tokens);
  EXPECT_EQ(read.merges, vocabulary.merges);
  EXPECT_EQ(read.added, vocabulary.added);
  EXPECT_TRUE(read.normalize);
  std::filesystem::remove_all(file.parent_path());
}

}  // namespace
}  // namespace winnow
