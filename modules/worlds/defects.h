#pragma once

#include <string>

#include "worlds/plan.h"

namespace winnow::micro_world {

// Decides which rows of a plan are wrong, blind-answerable or verbose, as the options' shares have
// it, and writes every row's `given_answer`.
void add_defects(PoolPlan& plan, const MicroWorldOptions& options);

// Writes every row's `text` and `answer`.
void word_rows(PoolPlan& plan, const MicroWorldOptions& options);

// A wrong answer: what the source's habit makes of it (with the chance systematic_share, where the
// habit applies), else another candidate.
void answer_wrongly(PlannedRow& row, const MicroWorldOptions& options, RandomStream& random);

// A question that gives the answer away.
std::string with_hint(const std::string& question, const std::string& answer, RandomStream& random);

}  // namespace winnow::micro_world
