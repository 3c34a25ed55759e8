#pragma once
// Tests of paired differences: of two methods that answered the same questions.

#include <cstdint>
#include <vector>

namespace winnow {

// The chance of so uneven a split, or a more uneven one, when winning and losing are equally likely
// (two-sided, exact); ties are left out before. 1 without wins and losses.
double sign_test(std::int64_t wins, std::int64_t losses);

struct SignFlipOptions {
  std::int64_t draws = 10'000;
  std::uint64_t seed = 0;
};

// The chance that the sum of `differences` would lie as far from 0, or farther, if each had either
// sign with the same chance (permutation test of paired samples, two-sided). A weighted mean is
// tested by differences that hold their weights. Up to 16 that are not 0 are tried in all ways;
// beyond, (1 + draws at least as far) / (1 + draws), Phipson and Smyth (2010). 1 where all are 0.
double sign_flip_test(const std::vector<double>& differences, const SignFlipOptions& options = {});

// p-values of several tests made at once, adjusted by Holm (1979): rejecting those below a level
// keeps the chance of any false rejection below it. In the order given.
std::vector<double> holm(const std::vector<double>& p_values);

}  // namespace winnow
