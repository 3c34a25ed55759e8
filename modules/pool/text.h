#pragma once
// Facts about a text that need no model: its length in words and what kind of question it asks.

#include <cstdint>
#include <string>
#include <string_view>

namespace winnow {

// The text with a space in place of every media placeholder.
std::string without_placeholders(std::string_view text);

// Words of a UTF-8 text in any script, as a person counts them. Text is split at Unicode white
// space; characters of scripts written without spaces (Chinese, Thai) count one each; a piece
// without any letter, digit or symbol beyond ASCII punctuation counts nothing. Media placeholders
// count nothing.
std::int64_t count_words(std::string_view text);

// "temporal" when the question, taken literally, is about time: one of
//  - an English cue word (before, after, first, last, then, direction, order, ...) as a whole word,
//    or a cue phrase ("how many times", "how long");
//  - a Chinese cue word (之前, 之后, 顺序, 方向, ...);
//  - in any language, a clock time such as 0:35 or 00:01:20.
// Otherwise "static". A rule of words: it errs ("the first row"), and it reads other languages
// without such cues as static. Media placeholders are not read.
std::string question_type(std::string_view question);

}  // namespace winnow
