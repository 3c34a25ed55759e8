#pragma once
// Texts as sets of words, for comparing answers in any script.

#include <set>
#include <string>
#include <string_view>

namespace winnow {

// The words of a text (pool/words.h), each once.
std::set<std::string> word_set(std::string_view text);

// |A and B| / |A or B| of the two texts' word sets. Texts without any word (punctuation, emoji) are
// compared as they are, white space at the ends aside: 1 when equal, else 0.
double jaccard_similarity(std::string_view a, std::string_view b);

}  // namespace winnow
