#include "benchmarks/question.h"

#include <cassert>

namespace winnow {

std::string Question::place() const { return sample.file + ":" + std::to_string(sample.line); }

std::size_t leading_media(std::string_view text) {
  constexpr std::string_view placeholder = kMediaPlaceholder;
  std::size_t end = 0;
  while (text.substr(end).starts_with(placeholder)) {
    end += placeholder.size();
    if (text.substr(end).starts_with('\n')) ++end;
  }
  return end;
}

std::string letter_of(std::size_t candidate) {
  assert(candidate < kMostCandidates);
  return std::string(1, static_cast<char>('A' + candidate));
}

}  // namespace winnow
