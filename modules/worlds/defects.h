#pragma once

#include "worlds/plan.h"

namespace winnow::micro_world {

// Decides which rows of a plan are wrong, blind-answerable or verbose, and writes every row's
// `given_answer`, `text` and `answer`.
void add_defects(PoolPlan& plan, const MicroWorldOptions& options);

}  // namespace winnow::micro_world
