#pragma once
// Which option a text chooses, by the rules of the public evaluation programs: numbers are
// comparable with those that were read by the same rule, oddities included. All are pure functions.

#include <string>
#include <string_view>
#include <vector>

namespace winnow {

// The inside of the first <answer>...</answer>, trimmed, else of the first \boxed{...} up to its
// first closing brace, else the text. What lmms-eval does to every answer first.
std::string unwrapped_answer(const std::string& text);

// Video-MME and LVBench: behind certain openings ("The best answer is") the first of A to D, at
// whatever place in a word; empty where there is none.
std::string first_letter(const std::string& text);

// MLVU: the character before the first ")", else the whole text.
std::string character_before_parenthesis(const std::string& text);

// MVBench: the letter of "B. text", else the first of A to E, in either case, that is a word of its
// own, else the text in lower case without most punctuation.
std::string standalone_letter(const std::string& text);

// For any number of options: a letter alone, or the text of one of them; else the only letter of an
// option among the words, where it is one of the last five; else what follows "answer is"; else the
// one option whose text is in a short answer. Empty where none of this holds. `candidates` may be
// empty: then the letters are A to H. VLMEvalKit's rule, with the first clause added.
std::string letter_or_text(const std::string& text, const std::vector<std::string>& candidates);

}  // namespace winnow
