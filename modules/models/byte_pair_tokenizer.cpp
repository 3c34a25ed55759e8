#include "models/byte_pair_tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>

#include "core/errors.h"
#include "models/pre_tokenizer.h"

namespace winnow {
namespace {

constexpr std::int64_t kLargestId = 1 << 21;

// How many bytes at the end of `text` are the beginning of a character that goes on.
std::size_t incomplete_tail(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;  // a later byte of a character
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

void TokenFinder::add(const std::string& content, std::int64_t token) {
  auto& alike = tokens_.at(static_cast<unsigned char>(content.at(0)));
  alike.emplace_back(content, token);
  std::sort(alike.begin(), alike.end(),
            [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

TokenFinder::Found TokenFinder::find(std::string_view text, std::size_t begin) const {
  for (std::size_t i = begin; i < text.size(); ++i) {
    for (const auto& [content, token] : tokens_[static_cast<unsigned char>(text[i])]) {
      if (text.substr(i).starts_with(content)) return {i, content.size(), token};
    }
  }
  return {text.size(), 0, 0};
}

BytePairTokenizer::BytePairTokenizer(const BytePairVocabulary& vocabulary,
                                     const std::string& end_of_turn, const std::string& name)
    : name_(name), normalize_(vocabulary.normalize), added_(vocabulary.added) {
  const auto put = [&](const std::string& content, std::int64_t id) {
    if (id < 0 || id > kLargestId) {
      throw DataError(fmt::format("{}: token id {} is not from 0 to {}", name, id, kLargestId));
    }
    const auto place = static_cast<std::size_t>(id);
    if (place >= bytes_.size()) bytes_.resize(place + 1);
    if (content.empty() || (!bytes_[place].empty() && bytes_[place] != content)) {
      throw DataError(fmt::format("{}: id {} has no token or two", name, id));
    }
    bytes_[place] = content;
  };
  for (const auto& [content, id] : vocabulary.tokens) put(content, id);
  for (const auto& [content, id] : vocabulary.added) put(content, id);
  const auto token = [&](const std::string& content) {
    const auto found = vocabulary.tokens.find(content);
    if (found == vocabulary.tokens.end()) {
      throw DataError(fmt::format("{}: its vocabulary lacks the token '{}'", name, content));
    }
    return found->second;
  };
  for (int byte = 0; byte < 256; ++byte) {
    byte_token_.push_back(token(std::string(1, static_cast<char>(byte))));
  }
  merges_.reserve(vocabulary.merges.size());
  std::int64_t rank = 0;
  for (const auto& [left, right] : vocabulary.merges) {
    merges_.emplace(pair_key(token(left), token(right)), Merge{rank++, token(left + right)});
  }
  end_of_turn_ = added(end_of_turn);
  for (const auto& [content, id] : vocabulary.added) {
    all_added_.add(content, id);
    if (vocabulary.in_text.count(content) > 0 && id != end_of_turn_) in_text_.add(content, id);
  }
}

std::int64_t BytePairTokenizer::added(const std::string& content) const {
  const auto found = added_.find(content);
  if (found == added_.end()) throw DataError(name_ + ": has no added token " + content);
  return found->second;
}

void BytePairTokenizer::encode_word(std::string_view word,
                                    std::vector<std::int64_t>& tokens) const {
  // A chain of symbols; those merged into their left neighbour are taken out.
  struct Symbol {
    std::int64_t token;
    std::ptrdiff_t previous, next;
  };
  const auto length = static_cast<std::ptrdiff_t>(word.size());
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  for (std::ptrdiff_t i = 0; i < length; ++i) {
    symbols.push_back({byte_token_[static_cast<unsigned char>(word[static_cast<std::size_t>(i)])],
                       i - 1, i + 1 < length ? i + 1 : -1});
  }
  const auto at = [&](std::ptrdiff_t i) -> Symbol& { return symbols[static_cast<std::size_t>(i)]; };
  struct Candidate {
    std::int64_t rank;
    std::ptrdiff_t left;
    std::int64_t left_token, right_token, merged;
    bool operator<(const Candidate& other) const {  // the lowest rank, then the leftmost, on top
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };
  std::priority_queue<Candidate> candidates;
  const auto consider = [&](std::ptrdiff_t left) {
    if (left < 0 || at(left).next < 0) return;
    const std::int64_t a = at(left).token, b = at(at(left).next).token;
    const auto found = merges_.find(pair_key(a, b));
    if (found != merges_.end()) {
      candidates.push({found->second.rank, left, a, b, found->second.token});
    }
  };
  for (std::ptrdiff_t i = 0; i < length; ++i) consider(i);
  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    Symbol& left = at(best.left);
    // Outdated when a neighbour was merged meanwhile; symbols that are gone have token -1.
    if (left.token != best.left_token || left.next < 0 || at(left.next).token != best.right_token) {
      continue;
    }
    const std::ptrdiff_t gone = left.next;
    left.token = best.merged;
    left.next = at(gone).next;
    at(gone).token = -1;
    if (left.next >= 0) at(left.next).previous = best.left;
    consider(left.previous);
    consider(best.left);
  }
  for (std::ptrdiff_t i = length > 0 ? 0 : -1; i >= 0; i = at(i).next)
    tokens.push_back(at(i).token);
}

std::vector<std::int64_t> BytePairTokenizer::encode_around(const TokenFinder& whole,
                                                           std::string_view text) const {
  std::vector<std::int64_t> tokens;
  for (std::size_t begin = 0; begin < text.size();) {
    const TokenFinder::Found found = whole.find(text, begin);
    const std::string_view plain = text.substr(begin, found.begin - begin);
    const std::string composed = normalize_ ? normalized(plain) : std::string(plain);
    for (const std::string_view word : split_words(composed)) encode_word(word, tokens);
    if (found.length > 0) tokens.push_back(found.token);
    begin = found.begin + found.length;
  }
  return tokens;
}

std::vector<std::int64_t> BytePairTokenizer::encode(std::string_view text) const {
  return encode_around(in_text_, text);
}

std::vector<std::int64_t> BytePairTokenizer::encode_with_added(std::string_view text) const {
  return encode_around(all_added_, text);
}

std::vector<std::int64_t> BytePairTokenizer::gaps() const {
  std::vector<std::int64_t> ids;
  for (std::size_t id = 0; id < bytes_.size(); ++id) {
    if (bytes_[id].empty()) ids.push_back(static_cast<std::int64_t>(id));
  }
  return ids;
}

std::string BytePairTokenizer::decode(const std::vector<std::int64_t>& tokens) const {
  std::string text;
  for (const std::int64_t token : tokens) {
    if (token < 0 || token >= size() || bytes_[static_cast<std::size_t>(token)].empty()) {
      throw DataError(fmt::format("{}: there is no token {}", name_, token));
    }
    text += bytes_[static_cast<std::size_t>(token)];
  }
  return text;
}

std::string StreamingDecoder::push(std::int64_t token) {
  pending_ += tokenizer_.decode({token});
  const std::size_t tail = incomplete_tail(pending_);
  std::string complete = pending_.substr(0, pending_.size() - tail);
  pending_.erase(0, complete.size());
  return complete;
}

}  // namespace winnow
