#pragma once
// What a written answer ends with, and whether that is what was expected. Pure functions.

#include <string>
#include <vector>

namespace winnow {

// What follows the last `marker` in the text up to the end of its line, without blanks, colons and
// full stops around it; the whole text where there is no marker.
std::string final_answer(const std::string& text, const std::string& marker);

// The same as people and models write it: the marker in any case, the answer maybe on the next
// line; without a marker the last \boxed{...} or <answer>...</answer>, else the last line. Several
// readings of it, without emphasis, quotes and signs of formulas: the whole line; its first
// sentence; what stands behind its last "="; the number that it begins with. The first is never
// empty unless all are.
std::vector<std::string> answer_readings(const std::string& text, const std::string& marker);

// Whether two short answers say the same, but for case, blanks, signs of formulas, a full stop, and
// how a number is written: 1,000 and 1000.0; 1/2, \frac{1}{2} and 0.5; 50% and 50.
bool same_answer(const std::string& left, const std::string& right);

}  // namespace winnow
