#include "models/byte_pair_trainer.h"

#include <fmt/format.h>

#include <set>

#include "core/errors.h"
#include "models/pre_tokenizer.h"

namespace winnow {
namespace {

constexpr std::size_t kBytes = 256;

class PairCounter {
 public:
  using Pair = std::pair<std::string, std::string>;

  explicit PairCounter(const std::map<std::string, std::int64_t>& words) {
    for (const auto& [word, count] : words) {
      std::vector<std::string> pieces;
      for (const char byte : word) pieces.emplace_back(1, byte);
      words_.push_back({std::move(pieces), count});
    }
    for (std::size_t w = 0; w < words_.size(); ++w) count_pairs(w, 1);
  }

  // The most frequent pair, the first in byte order of equals; nothing when none occurs twice.
  const Pair* best() const {
    return ranking_.empty() || -ranking_.begin()->first < 2 ? nullptr : &ranking_.begin()->second;
  }

  void merge(const Pair& pair) {
    const std::set<std::size_t> holders = holders_[pair];
    for (const std::size_t w : holders) {
      count_pairs(w, -1);
      std::vector<std::string>& pieces = words_[w].pieces;
      std::vector<std::string> merged;
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (i + 1 < pieces.size() && pieces[i] == pair.first && pieces[i + 1] == pair.second) {
          merged.push_back(pieces[i] + pieces[i + 1]);
          ++i;
        } else {
          merged.push_back(pieces[i]);
        }
      }
      pieces = std::move(merged);
      count_pairs(w, 1);
    }
  }

 private:
  struct Word {
    std::vector<std::string> pieces;
    std::int64_t count;
  };

  // Adds the pairs of a word (sign 1) or takes them away (-1).
  void count_pairs(std::size_t w, std::int64_t sign) {
    const Word& word = words_[w];
    for (std::size_t i = 0; i + 1 < word.pieces.size(); ++i) {
      const Pair pair = {word.pieces[i], word.pieces[i + 1]};
      std::int64_t& count = counts_[pair];
      if (count > 0) ranking_.erase({-count, pair});
      count += sign * word.count;
      if (count > 0) ranking_.insert({-count, pair});
      if (sign > 0) {
        holders_[pair].insert(w);
      } else {
        holders_[pair].erase(w);
      }
    }
  }

  std::vector<Word> words_;
  std::map<Pair, std::int64_t> counts_;
  std::map<Pair, std::set<std::size_t>> holders_;  // words that a pair occurs in
  std::set<std::pair<std::int64_t, Pair>> ranking_;
};

}  // namespace

BytePairVocabulary train_byte_pairs(const std::vector<std::string>& texts,
                                    std::size_t maximum_tokens,
                                    const std::vector<std::string>& added) {
  if (maximum_tokens < kBytes + added.size()) {
    throw ConfigError(
        fmt::format("a vocabulary of {} tokens has no room for {} bytes and {} control tokens",
                    maximum_tokens, kBytes, added.size()));
  }
  BytePairVocabulary vocabulary;
  for (std::size_t byte = 0; byte < kBytes; ++byte) {
    vocabulary.tokens.emplace(std::string(1, static_cast<char>(byte)),
                              static_cast<std::int64_t>(byte));
  }
  std::map<std::string, std::int64_t> words;
  for (const std::string& text : texts) {
    const std::string composed = normalized(text);
    for (const std::string_view word : split_words(composed)) ++words[std::string(word)];
  }
  PairCounter counter(words);
  while (vocabulary.tokens.size() + added.size() < maximum_tokens) {
    const PairCounter::Pair* best = counter.best();
    if (best == nullptr) break;
    const PairCounter::Pair pair = *best;
    vocabulary.merges.push_back(pair);
    vocabulary.tokens.emplace(pair.first + pair.second,
                              static_cast<std::int64_t>(vocabulary.tokens.size()));
    counter.merge(pair);
  }
  for (const std::string& content : added) {
    vocabulary.added.emplace(
        content, static_cast<std::int64_t>(vocabulary.tokens.size() + vocabulary.added.size()));
  }
  return vocabulary;
}

}  // namespace winnow
