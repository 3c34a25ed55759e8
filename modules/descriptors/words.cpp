#include "descriptors/words.h"

#include <algorithm>
#include <iterator>

#include "pool/words.h"

namespace winnow {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

std::set<std::string> word_set(std::string_view text) {
  std::set<std::string> words;
  for_each_word(text, [&](std::string_view word) { words.emplace(word); });
  return words;
}

double jaccard_similarity(std::string_view a, std::string_view b) {
  const std::set<std::string> first = word_set(a), second = word_set(b);
  if (first.empty() && second.empty()) return trimmed(a) == trimmed(b) ? 1.0 : 0.0;
  std::set<std::string> shared;
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                        std::inserter(shared, shared.end()));
  const std::size_t all = first.size() + second.size() - shared.size();
  return static_cast<double>(shared.size()) / static_cast<double>(all);
}

}  // namespace winnow
