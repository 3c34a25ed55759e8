#pragma once
// A part of a benchmark that is set aside: to draw anchors from and to look at while developing.

#include <vector>

#include "benchmarks/question.h"

namespace winnow {

// For each question whether it is in the part: about `share` of them (0 to 1), drawn once and for
// all. Questions that show a common medium are on one side, whatever else they show.
std::vector<bool> development_part(const std::vector<Question>& questions, double share);

}  // namespace winnow
