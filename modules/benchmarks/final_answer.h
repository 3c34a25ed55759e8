#pragma once

#include <string>

namespace winnow {

// What follows the last `marker` in the text up to the end of its line, without blanks, colons and
// full stops around it; the whole text where there is no marker.
std::string final_answer(const std::string& text, const std::string& marker);

}  // namespace winnow
