#include "models/micro/tokenizer.h"

#include <algorithm>
#include <map>

namespace winnow::micro {
namespace {

bool is_word_byte(unsigned char byte) {
  // Bytes of multi-byte characters count as letters, so that words of any script stay whole.
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z');
}

template <class Visit>
void for_each_piece(std::string_view text, Visit visit) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = begin;
    if (text[end] == ' ' && end + 1 < text.size() &&
        is_word_byte(static_cast<unsigned char>(text[end + 1]))) {
      ++end;
    }
    if (is_word_byte(static_cast<unsigned char>(text[end]))) {
      while (end < text.size() && is_word_byte(static_cast<unsigned char>(text[end]))) ++end;
    } else {
      ++end;
    }
    visit(text.substr(begin, end - begin));
    begin = end;
  }
}

}  // namespace

WordTokenizer::WordTokenizer(std::int64_t frame_slots, std::vector<std::string> words)
    : frame_slots_(frame_slots), words_(std::move(words)) {
  for (std::size_t i = 0; i < words_.size(); ++i) {
    ids_.emplace(words_[i], first_word() + static_cast<std::int64_t>(i));
  }
}

std::vector<std::string> WordTokenizer::train(const std::vector<std::string>& texts,
                                              std::size_t maximum_words) {
  std::map<std::string, std::size_t, std::less<>> counts;
  for (const std::string& text : texts) {
    for_each_piece(text, [&](std::string_view piece) {
      if (piece.size() == 1) return;  // single bytes are tokens already
      const auto found = counts.find(piece);
      if (found == counts.end()) {
        counts.emplace(piece, 1);
      } else {
        ++found->second;
      }
    });
  }
  std::vector<std::pair<std::string, std::size_t>> ordered(counts.begin(), counts.end());
  std::erase_if(ordered, [](const auto& entry) { return entry.second < 2; });
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& left, const auto& right) { return left.second > right.second; });
  std::vector<std::string> words;
  for (auto& [piece, count] : ordered) {
    if (words.size() == maximum_words) break;
    words.push_back(std::move(piece));
  }
  return words;
}

std::vector<std::int64_t> WordTokenizer::encode(std::string_view text) const {
  std::vector<std::int64_t> tokens;
  for_each_piece(text, [&](std::string_view piece) {
    const auto found = ids_.find(std::string(piece));
    if (found != ids_.end()) {
      tokens.push_back(found->second);
      return;
    }
    for (const char byte : piece) {
      tokens.push_back(first_byte() + static_cast<unsigned char>(byte));
    }
  });
  return tokens;
}

std::string WordTokenizer::decode(const std::vector<std::int64_t>& tokens) const {
  std::string text;
  for (const std::int64_t token : tokens) {
    if (token >= first_word()) {
      text += words_.at(static_cast<std::size_t>(token - first_word()));
    } else if (token >= first_byte()) {
      text += static_cast<char>(token - first_byte());
    }
  }
  return text;
}

std::int64_t WordTokenizer::size() const {
  return first_word() + static_cast<std::int64_t>(words_.size());
}

}  // namespace winnow::micro
