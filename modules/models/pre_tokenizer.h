#pragma once
// How Qwen2 and its successors cut text into words before byte pairs are merged.

#include <string>
#include <string_view>
#include <vector>

namespace winnow {

// The rule as tokenizer.json writes it.
extern const char* const kQwenPattern;

// Cuts text by kQwenPattern: English contractions; letters with at most one other character before
// them; single digits; runs of other characters with at most one space before and the line breaks
// after; white space, of which the last character goes with the word that follows. Letters, numbers
// and white space are those of Unicode, as ICU knows them; bytes that are not UTF-8 count as other
// characters. The pieces follow one another and make up the whole text.
std::vector<std::string_view> split_words(std::string_view text);

// Unicode's composed form (NFC). Bytes that are not UTF-8 stay as they are.
std::string normalized(std::string_view text);

}  // namespace winnow
