#include "config/options.h"

#include <fmt/format.h>

#include <cmath>

namespace winnow::config {

std::string Range::text() const {
  if (std::isinf(high)) return fmt::format("{} {}", low_open ? "above" : "at least", low);
  if (std::isinf(low)) return fmt::format("at most {}", high);
  if (low_open) return fmt::format("above {} and at most {}", low, high);
  return fmt::format("between {} and {}", low, high);
}

}  // namespace winnow::config
