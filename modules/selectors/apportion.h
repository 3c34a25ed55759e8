#pragma once
// Whole numbers in proportion.

#include <cstdint>
#include <vector>

namespace winnow {

// Splits `total` in proportion to `weights` (not negative), at most capacities[i] each: what does
// not fit goes to the others in proportion, what has weight 0 is filled last (by capacity), and
// remainders go to the largest fraction, then to the highest preference[i], then to the first. The
// sum is min(total, sum of capacities).
std::vector<std::int64_t> apportion(std::int64_t total, const std::vector<double>& weights,
                                    const std::vector<std::int64_t>& capacities,
                                    const std::vector<double>& preference);

}  // namespace winnow
