#pragma once
// Statistics of orders: how far two columns agree, how well one tells two groups apart.

#include <vector>

namespace winnow {

// Of each value from 0 upwards, equal values sharing their mean rank. No value is NaN.
std::vector<double> mean_ranks(const std::vector<double>& values);

// Spearman's, over two columns of one length; NaN where one of them holds equal values only.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b);

// The chance that a value of a positive row lies above one of another row, ties counting half (Mann
// and Whitney); NaN without rows of both kinds.
double area_under_roc(const std::vector<double>& values, const std::vector<bool>& positive);

}  // namespace winnow
