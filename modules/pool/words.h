#pragma once
// Words of a text in any script, by the Unicode character database.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

// Calls `take` with every word of a UTF-8 text in order: maximal runs of letters, digits and their
// combining marks, in compatibility form and without case, so that "Élan", "élan" and the same with
// a separate accent are one word. In scripts written without spaces between words (Chinese,
// Japanese, Thai, Lao, Khmer, Burmese) every character with its marks is a word. Invalid bytes
// separate words. The view is valid during the call.
void for_each_word(std::string_view text, const std::function<void(std::string_view)>& take);
std::vector<std::string> words_of(std::string_view text);

// A letter of a script that is written without spaces between words.
bool is_unspaced_letter(char32_t point);
// A combining mark: part of the character before it.
bool is_mark(char32_t point);

}  // namespace winnow
