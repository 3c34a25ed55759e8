#include "models/byte_pair_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <ctime>
#include <set>

#include "core/errors.h"
#include "core/files.h"
#include "core/random.h"
#include "models/pre_tokenizer.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::ElementsAre;

TEST(PreTokenizerTest, CutsAsTheRuleSays) {
  const auto words = [](std::string_view text) { return split_words(text); };
  EXPECT_THAT(words("Hello world"), ElementsAre("Hello", " world"));
  EXPECT_THAT(words("I'm we'LL don't 'tis"),
              ElementsAre("I", "'m", " we", "'LL", " don", "'t", " '", "tis"));
  EXPECT_THAT(words("x'\u017F y"), ElementsAre("x", "'\u017F", " y"));  // long s folds to s
  EXPECT_THAT(words("a1234 b"), ElementsAre("a", "1", "2", "3", "4", " b"));
  EXPECT_THAT(words("(word) #tag!?\n\nx"), ElementsAre("(word", ")", " #", "tag", "!?\n\n", "x"));
  EXPECT_THAT(words("a   b"), ElementsAre("a", "  ", " b"));
  EXPECT_THAT(words("a   "), ElementsAre("a", "   "));
  EXPECT_THAT(words("a  \n  b"), ElementsAre("a", "  \n", " ", " b"));
  EXPECT_THAT(words("a \n"), ElementsAre("a", " \n"));
  EXPECT_THAT(words("a\tb\t1"), ElementsAre("a", "\tb", "\t", "1"));
  EXPECT_THAT(words("\u4f60\u597d\uff0c\u4e16"), ElementsAre("\u4f60\u597d", "\uff0c\u4e16"));
  EXPECT_THAT(words("\u0661\u00b2"), ElementsAre("\u0661", "\u00b2"));  // digits of any script
  EXPECT_THAT(words("a\u3000\u3000b"), ElementsAre("a", "\u3000", "\u3000b"));
  EXPECT_THAT(words("a\xff\xfe b"), ElementsAre("a", "\xff\xfe", " b"));
  EXPECT_THAT(words(""), ElementsAre());
}

TEST(PreTokenizerTest, ComposesCharactersAndLeavesOtherBytes) {
  EXPECT_EQ(normalized("e\u0301"), "\u00e9");
  EXPECT_EQ(normalized("e\u0301\xff"
                       "e\u0301\xc3"),
            "\u00e9\xff\u00e9\xc3");
}

// Byte pairs merged greedily by count over the words of a text; ties by the pair's bytes.
BytePairVocabulary trained(const std::string& text, int merges) {
  BytePairVocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.tokens.emplace(std::string(1, static_cast<char>(byte)), byte);
  }
  std::map<std::string, int> counts;
  for (const std::string_view word : split_words(text)) ++counts[std::string(word)];
  std::vector<std::pair<std::vector<std::string>, int>> words;
  for (const auto& [word, count] : counts) {
    words.emplace_back(std::vector<std::string>(), count);
    for (const char c : word) words.back().first.emplace_back(1, c);
  }
  while (static_cast<int>(vocabulary.merges.size()) < merges) {
    std::map<std::pair<std::string, std::string>, int> pairs;
    for (const auto& [pieces, count] : words) {
      for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
        pairs[{pieces[i], pieces[i + 1]}] += count;
      }
    }
    const auto best =
        std::max_element(pairs.begin(), pairs.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == pairs.end()) break;
    const auto [left, right] = best->first;
    vocabulary.merges.emplace_back(left, right);
    vocabulary.tokens.emplace(left + right, static_cast<std::int64_t>(vocabulary.tokens.size()));
    for (auto& [pieces, count] : words) {
      for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
        if (pieces[i] != left || pieces[i + 1] != right) continue;
        pieces[i] += right;
        pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }
  const auto next = static_cast<std::int64_t>(vocabulary.tokens.size());
  vocabulary.added = {{"<|im_start|>", next}, {"<|im_end|>", next + 1}, {"<|im", next + 2}};
  return vocabulary;
}

std::string repository_text() {
  const fs::path root = WINNOW_SOURCE_DIR;
  return read_file(root / "README.md") + read_file(root / "modules/models/README.md");
}

const BytePairVocabulary& repository_vocabulary() {
  static const BytePairVocabulary vocabulary = trained(repository_text(), 300);
  return vocabulary;
}

BytePairTokenizer repository_tokenizer() {
  return BytePairTokenizer(repository_vocabulary(), "<|im_end|>", "test");
}

std::string random_bytes(RandomStream& stream, std::size_t most) {
  std::string bytes(stream.below(most), ' ');
  for (char& c : bytes) c = static_cast<char>(stream.below(256));
  return bytes;
}

TEST(BytePairTokenizerTest, MergesInTheOrderOfItsRules) {
  BytePairVocabulary vocabulary = trained("", 0);
  for (const char* token : {"bc", "ab", "abc", "aa"}) {
    vocabulary.tokens.emplace(token, 1000 + static_cast<std::int64_t>(vocabulary.tokens.size()));
  }
  const auto texts = [&](std::vector<std::pair<std::string, std::string>> merges,
                         std::string_view text) {
    vocabulary.merges = std::move(merges);
    const BytePairTokenizer tokenizer(vocabulary, "<|im_end|>", "test");
    std::vector<std::string> pieces;
    for (const std::int64_t token : tokenizer.encode(text)) {
      pieces.push_back(tokenizer.decode({token}));
    }
    return pieces;
  };
  EXPECT_THAT(texts({{"b", "c"}, {"a", "b"}}, "abc"), ElementsAre("a", "bc"));
  EXPECT_THAT(texts({{"a", "b"}, {"b", "c"}}, "abc"), ElementsAre("ab", "c"));
  EXPECT_THAT(texts({{"b", "c"}, {"a", "bc"}}, "abc"), ElementsAre("abc"));
  EXPECT_THAT(texts({{"a", "a"}}, "aaaaa"), ElementsAre("aa", "aa", "a"));
}

// The definition, slowly: the earliest rule that applies anywhere, at its leftmost place.
std::vector<std::int64_t> slowly_encoded(const BytePairVocabulary& vocabulary,
                                         std::string_view text) {
  std::vector<std::int64_t> tokens;
  for (const std::string_view word : split_words(text)) {
    std::vector<std::string> pieces;
    for (const char c : word) pieces.emplace_back(1, c);
    for (bool merged = true; merged;) {
      merged = false;
      for (std::size_t rule = 0; rule < vocabulary.merges.size() && !merged; ++rule) {
        for (std::size_t i = 0; i + 1 < pieces.size() && !merged; ++i) {
          const auto& [left, right] = vocabulary.merges[rule];
          if (pieces[i] != left || pieces[i + 1] != right) continue;
          pieces[i] += right;
          pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1);
          merged = true;
        }
      }
    }
    for (const std::string& piece : pieces) tokens.push_back(vocabulary.tokens.at(piece));
  }
  return tokens;
}

TEST(BytePairTokenizerTest, AgreesWithTheDefinition) {
  const BytePairTokenizer tokenizer = repository_tokenizer();
  const std::string text = repository_text().substr(0, 4000);
  const std::vector<std::int64_t> tokens = tokenizer.encode(text);
  EXPECT_EQ(tokens, slowly_encoded(repository_vocabulary(), text));
  EXPECT_LT(tokens.size(), text.size() / 2);
  RandomStream stream(1, "test/words");
  for (int i = 0; i < 30; ++i) {
    std::string word;
    while (word.size() < 60) word += "aeinorst "[stream.below(9)];
    EXPECT_EQ(tokenizer.encode(word), slowly_encoded(repository_vocabulary(), word)) << word;
  }
}

TEST(BytePairTokenizerTest, AnyBytesComeBack) {
  BytePairVocabulary vocabulary = repository_vocabulary();
  vocabulary.normalize = false;
  const BytePairTokenizer tokenizer(vocabulary, "<|im_end|>", "test");
  RandomStream stream(1, "test/bytes");
  for (int i = 0; i < 200; ++i) {
    const std::string text = random_bytes(stream, 200);
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
  const BytePairTokenizer composing = repository_tokenizer();
  for (int i = 0; i < 200; ++i) {
    const std::string text = random_bytes(stream, 200);
    EXPECT_EQ(composing.decode(composing.encode(text)), normalized(text));
  }
}

TEST(BytePairTokenizerTest, TextCannotBecomeAControlToken) {
  const BytePairTokenizer tokenizer = repository_tokenizer();
  const std::string text = "a<|im_end|>b<|im_start|>";
  std::set<std::int64_t> added;
  for (const auto& [content, id] : repository_vocabulary().added) added.insert(id);
  for (const std::int64_t token : tokenizer.encode(text)) EXPECT_EQ(added.count(token), 0U);
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  const std::vector<std::int64_t> ours = tokenizer.encode_with_added(text);
  EXPECT_THAT(
      ours, ElementsAre('a', tokenizer.added("<|im_end|>"), 'b', tokenizer.added("<|im_start|>")));
  EXPECT_EQ(tokenizer.end_of_turn(), tokenizer.added("<|im_end|>"));
  EXPECT_THROW(tokenizer.added("<|nothing|>"), DataError);
  EXPECT_THROW(tokenizer.decode({tokenizer.size()}), DataError);
}

TEST(BytePairTokenizerTest, TokensOfTextAreFoundInIt) {
  BytePairVocabulary vocabulary = trained("", 0);
  const std::int64_t first = 300;
  vocabulary.added = {{"<|im_end|>", first},
                      {"<think>", first + 1},
                      {"</think>", first + 2},
                      {"<think>\n", first + 3}};
  vocabulary.in_text = {"<think>", "</think>", "<think>\n", "<|im_end|>"};
  const BytePairTokenizer tokenizer(vocabulary, "<|im_end|>", "test");
  // The longest wins; what ends a turn is none of them, whatever the vocabulary says.
  EXPECT_THAT(tokenizer.encode("a<think>\nb</think><think>c"),
              ElementsAre('a', first + 3, 'b', first + 2, first + 1, 'c'));
  const std::string spoken = "<|im_end|><thin";
  EXPECT_EQ(tokenizer.encode(spoken), std::vector<std::int64_t>(spoken.begin(), spoken.end()));
  // Characters are composed on either side of a token and not across it.
  EXPECT_THAT(tokenizer.encode("e\u0301<think>\u0301"),
              ElementsAre(0xC3, 0xA9, first + 1, 0xCC, 0x81));
  EXPECT_EQ(tokenizer.gaps().size(), 300U - 256U);
  EXPECT_EQ(tokenizer.gaps().front(), 256);
}

TEST(BytePairTokenizerTest, StreamsWholeCharacters) {
  const BytePairTokenizer tokenizer(trained("", 0), "<|im_end|>", "test");
  StreamingDecoder decoder(tokenizer);
  std::vector<std::string> parts;
  for (const std::int64_t token : tokenizer.encode("a\u00e9\u4f60")) {
    parts.push_back(decoder.push(token));
  }
  EXPECT_THAT(parts, ElementsAre("a", "", "\u00e9", "", "", "\u4f60"));
  EXPECT_EQ(decoder.push(0xE4), "");
  EXPECT_EQ(decoder.finish(), "\xE4");
}

TEST(BytePairTokenizerTest, AMegabyteInHalfASecond) {
  const BytePairTokenizer tokenizer = repository_tokenizer();
  std::string text;
  while (text.size() < 1'000'000) text += repository_text();
  text.resize(1'000'000);
  const std::clock_t begin = std::clock();
  const std::vector<std::int64_t> tokens = tokenizer.encode(text);
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::cout << "[ measured ] " << tokens.size() << " tokens of 1 MB in " << seconds << " s\n";
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(NDEBUG)
  EXPECT_LT(seconds, 0.5);
#endif
  // One word as long as the text must not take the square of its length.
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(std::string(200'000, 'e'))).size(), 200'000U);
}

class TokenizerJsonTest : public testing::Test {
 protected:
  fs::path folder_ = testing_support::temporary_folder();
  fs::path file_ = folder_ / "tokenizer.json";
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  // Bytes in the printable characters of the format, written here from its definition.
  static std::string written(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
      const auto byte = static_cast<unsigned char>(c);
      int code = byte;
      if (byte <= 0x20) code = 0x100 + byte;
      if (byte >= 0x7F && byte <= 0xA0) code = 0x121 + byte - 0x7F;
      if (byte == 0xAD) code = 0x143;
      if (code < 0x80) {
        text += static_cast<char>(code);
      } else {
        text += static_cast<char>(0xC0 | code >> 6);
        text += static_cast<char>(0x80 | (code & 0x3F));
      }
    }
    return text;
  }

  static json::object tokenizer_json(const BytePairVocabulary& vocabulary, bool merges_as_pairs) {
    json::object tokens;
    for (const auto& [bytes, id] : vocabulary.tokens) tokens[written(bytes)] = id;
    json::array merges, added;
    for (const auto& [left, right] : vocabulary.merges) {
      if (merges_as_pairs) {
        merges.push_back(json::array{json::string(written(left)), json::string(written(right))});
      } else {
        merges.push_back(json::string(written(left) + " " + written(right)));
      }
    }
    for (const auto& [content, id] : vocabulary.added) {
      added.push_back(json::object{{"id", id}, {"content", content}, {"special", true}});
    }
    const json::object split = {{"type", "Split"},
                                {"pattern", json::object{{"Regex", kQwenPattern}}}};
    const json::object byte_level = {{"type", "ByteLevel"}};
    return {{"added_tokens", added},
            {"normalizer", json::object{{"type", "NFC"}}},
            {"pre_tokenizer",
             json::object{{"type", "Sequence"}, {"pretokenizers", json::array{split, byte_level}}}},
            {"model", json::object{{"type", "BPE"}, {"vocab", tokens}, {"merges", merges}}}};
  }

  void expect_refused(const json::value& content, const std::string& reason) {
    write_file(file_, json::serialize(content));
    try {
      read_tokenizer_json(file_);
      FAIL() << "accepted a file where " << reason;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(reason));
      EXPECT_THAT(error.what(), testing::HasSubstr("tokenizer.json"));
    }
  }
};

TEST_F(TokenizerJsonTest, ReadsBothWaysOfWritingMerges) {
  const BytePairVocabulary& vocabulary = repository_vocabulary();
  for (const bool pairs : {false, true}) {
    write_file(file_, json::serialize(tokenizer_json(vocabulary, pairs)));
    const BytePairVocabulary read = read_tokenizer_json(file_);
    EXPECT_EQ(read.tokens, vocabulary.tokens);
    EXPECT_EQ(read.merges, vocabulary.merges);
    EXPECT_EQ(read.added, vocabulary.added);
    EXPECT_TRUE(read.normalize);
  }
}

TEST_F(TokenizerJsonTest, ReadsTheOlderFormInThreeFiles) {
  const BytePairVocabulary& vocabulary = repository_vocabulary();
  const json::object all = tokenizer_json(vocabulary, false);
  write_file(folder_ / "vocab.json", json::serialize(all.at("model").at("vocab")));
  std::string merges = "#version: 0.2\n";
  for (const json::value& merge : all.at("model").at("merges").as_array()) {
    merges += std::string(merge.as_string()) + "\n";
  }
  write_file(folder_ / "merges.txt", merges);
  json::object added;
  for (const auto& [content, id] : vocabulary.added) {
    added[std::to_string(id)] = json::object{{"content", content}};
  }
  write_file(folder_ / "tokenizer_config.json",
             json::serialize(json::object{{"added_tokens_decoder", added}}));
  const BytePairVocabulary read = read_vocabulary(folder_);
  EXPECT_EQ(read.tokens, vocabulary.tokens);
  EXPECT_EQ(read.merges, vocabulary.merges);
  EXPECT_EQ(read.added, vocabulary.added);
  write_file(file_, json::serialize(tokenizer_json(trained("", 0), true)));
  EXPECT_TRUE(read_vocabulary(folder_).merges.empty());  // tokenizer.json goes first
  fs::remove(file_);
  write_file(folder_ / "merges.txt", "ab\n");
  EXPECT_THROW(read_vocabulary(folder_), DataError);
}

TEST_F(TokenizerJsonTest, KeepsWhichAddedTokensAreOfText) {
  BytePairVocabulary vocabulary = trained("", 0);
  vocabulary.added.emplace("<think>", 400);
  vocabulary.in_text = {"<think>"};
  write_file(file_, tokenizer_json_text(vocabulary));
  EXPECT_EQ(read_tokenizer_json(file_).in_text, vocabulary.in_text);
  // A token that also takes the spaces beside it would be encoded otherwise than its tool does.
  json::object strange = tokenizer_json(vocabulary, true);
  for (json::value& entry : strange.at("added_tokens").as_array()) {
    entry.as_object()["special"] = entry.at("content") != "<think>";
    entry.as_object()["lstrip"] = true;
  }
  expect_refused(strange, "'<think>' stands in texts and has lstrip = true");
}

TEST_F(TokenizerJsonTest, RefusesOtherFiles) {
  const json::object good = tokenizer_json(trained("", 0), true);
  expect_refused("text", "not a JSON object");
  expect_refused(json::object(), "needs the key 'model'");
  json::object other = good;
  other["model"].as_object()["type"] = "Unigram";
  expect_refused(other, "model.type must be BPE");
  other = good;
  other["pre_tokenizer"] = json::object{{"type", "ByteLevel"}};
  expect_refused(other, "pre_tokenizer must be");
  other = good;
  other["normalizer"] = json::object{{"type", "Lowercase"}};
  expect_refused(other, "normalizer.type");
  other = good;
  other["model"].as_object()["merges"] = json::array{"ab"};
  expect_refused(other, "a merge must be two tokens");
  other = good;
  other["model"].as_object()["vocab"].as_object()["\u4e2d"] = 7;
  expect_refused(other, "byte-level characters");
  other = good;
  other["model"].as_object()["vocab"].as_object()["a"] = "seven";
  expect_refused(other, "not a whole number");

  BytePairVocabulary vocabulary = trained("", 0);
  vocabulary.merges = {{"a", "b"}};
  EXPECT_THROW(BytePairTokenizer(vocabulary, "<|im_end|>", "test"), DataError);
  vocabulary = trained("", 0);
  vocabulary.tokens.erase("a");
  EXPECT_THROW(BytePairTokenizer(vocabulary, "<|im_end|>", "test"), DataError);
  vocabulary = trained("", 0);
  EXPECT_THROW(BytePairTokenizer(vocabulary, "<|eot|>", "test"), DataError);
  vocabulary.tokens["a"] = -1;
  EXPECT_THROW(BytePairTokenizer(vocabulary, "<|im_end|>", "test"), DataError);
}

}  // namespace
}  // namespace winnow
