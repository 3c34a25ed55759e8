#pragma once
// Learning rate over the steps of a run: linear warm-up, then half a cosine down to zero.

#include <cstdint>

namespace winnow {

// Multiplier of the peak learning rate at `step` (from 0) of `total`: step / warm-up during
// ceil(warmup_share * total) steps, then (1 + cos(pi * progress)) / 2.
double learning_rate_factor(std::int64_t step, std::int64_t total, double warmup_share);

}  // namespace winnow
