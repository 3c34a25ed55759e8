#include "trainers/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace winnow {

double learning_rate_factor(std::int64_t step, std::int64_t total, double warmup_share) {
  const double warmup = std::ceil(warmup_share * static_cast<double>(total));
  if (static_cast<double>(step) < warmup) return static_cast<double>(step) / warmup;
  const double rest = std::max(1.0, static_cast<double>(total) - warmup);
  const double progress = (static_cast<double>(step) - warmup) / rest;
  return 0.5 * (1.0 + std::cos(std::numbers::pi * std::min(progress, 1.0)));
}

}  // namespace winnow
