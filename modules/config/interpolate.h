#pragma once
// References inside of text values:
//
//   ${trainer.seed}       the value at that absolute path; alone in the text it keeps its type
//   ${env:HOME}           an environment variable
//   ${env:SEED,1}         the same with a default; alone in the text both are read as typed values
//   $${                   a literal ${

#include "config/value.h"

namespace winnow::config {

// The config with every reference replaced. A replaced value keeps the origin of the text that
// holds the reference. Throws ConfigError for an unknown name (with the nearest), a reference that
// is not closed, a table or list inside of text, and a cycle (which it prints).
Value interpolate(const Value& config);

}  // namespace winnow::config
