#pragma once
// Byte-level byte-pair encoding as in tokenizer.json of Qwen2, Qwen3-VL and InternVL3.

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/tokenizer.h"

namespace winnow {

// What a tokenizer is made of. Tokens are bytes here, not the printable characters that the files
// write for them.
struct BytePairVocabulary {
  std::map<std::string, std::int64_t> tokens;               // bytes -> id
  std::vector<std::pair<std::string, std::string>> merges;  // the earlier, the sooner
  std::map<std::string, std::int64_t> added;                // "<|im_end|>" -> id
  // Those of `added` that are no control tokens ("special": false, "<think>"): any text holds them.
  std::set<std::string> in_text;
  bool normalize = true;  // NFC before anything else
};

// Reads tokenizer.json. Throws DataError naming the file and what is wrong: not such a file, a
// pre-tokenizer or a normalizer of another kind, merges of tokens that are not there, an added
// token of text that wants spaces or words around it.
BytePairVocabulary read_tokenizer_json(const std::filesystem::path& path);

// Of a checkpoint folder: its tokenizer.json or, without one, vocab.json and merges.txt with the
// added tokens of tokenizer_config.json, taken for a tokenizer of Qwen2's rules. Throws DataError
// as above.
BytePairVocabulary read_vocabulary(const std::filesystem::path& folder);

// The vocabulary in the layout of tokenizer.json with the rules of Qwen2, such that
// read_tokenizer_json and other tools open it.
std::string tokenizer_json_text(const BytePairVocabulary& vocabulary);

// Some tokens by their text; the leftmost that stands in a text is found, the longest there.
class TokenFinder {
 public:
  struct Found {
    std::size_t begin, length;
    std::int64_t token;
  };
  void add(const std::string& content, std::int64_t token);
  // From `begin` on; length 0: none.
  Found find(std::string_view text, std::size_t begin) const;

 private:
  // By first byte, the longest first.
  std::array<std::vector<std::pair<std::string, std::int64_t>>, 256> tokens_;
};

class BytePairTokenizer : public Tokenizer {
 public:
  // Throws DataError naming `name` when a single byte or a merge's token is missing or when
  // `end_of_turn` is not an added token.
  BytePairTokenizer(const BytePairVocabulary& vocabulary, const std::string& end_of_turn,
                    const std::string& name);

  // Plain text: "<|im_end|>" in it is a run of characters like any other, as all added tokens are
  // but those of BytePairVocabulary::in_text.
  std::vector<std::int64_t> encode(std::string_view text) const override;
  // For text of our own making: added tokens in it stand for themselves, the longest first.
  std::vector<std::int64_t> encode_with_added(std::string_view text) const;
  // Bytes of the tokens, added ones as they are written; unknown ids throw DataError.
  std::string decode(const std::vector<std::int64_t>& tokens) const override;
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  std::vector<std::int64_t> gaps() const override;
  std::int64_t end_of_turn() const override { return end_of_turn_; }
  // Throws DataError when there is no such added token.
  std::int64_t added(const std::string& content) const;

 private:
  struct Merge {
    std::int64_t rank, token;
  };
  static std::uint64_t pair_key(std::int64_t left, std::int64_t right) {
    return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
  }
  void encode_word(std::string_view word, std::vector<std::int64_t>& tokens) const;
  // Plain text but for the tokens that `whole` finds in it.
  std::vector<std::int64_t> encode_around(const TokenFinder& whole, std::string_view text) const;

  std::string name_;
  bool normalize_;
  std::vector<std::int64_t> byte_token_;             // [256]
  std::vector<std::string> bytes_;                   // by id; empty where no token has it
  std::unordered_map<std::uint64_t, Merge> merges_;  // pair of ids -> what they become
  std::map<std::string, std::int64_t> added_;
  TokenFinder in_text_, all_added_;
  std::int64_t end_of_turn_;
};

// Decoding token by token: text comes out when its characters are complete.
class StreamingDecoder {
 public:
  explicit StreamingDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  std::string push(std::int64_t token);
  // What is left, complete or not.
  std::string finish() { return std::move(pending_); }

 private:
  const Tokenizer& tokenizer_;
  std::string pending_;
};

}  // namespace winnow
