#include "report/overlap.h"

#include <cassert>
#include <unordered_set>

namespace winnow {

double jaccard(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() && b.empty()) return 1.0;
  const std::unordered_set<std::string> of_a(a.begin(), a.end());
  std::size_t common = 0;
  for (const std::string& item : b) common += of_a.count(item);
  return static_cast<double>(common) / static_cast<double>(a.size() + b.size() - common);
}

double rank_biased_overlap(const std::vector<std::string>& a, const std::vector<std::string>& b,
                           double persistence) {
  assert(persistence > 0.0 && persistence < 1.0);
  if (a.empty() && b.empty()) return 1.0;
  if (a.empty() || b.empty()) return 0.0;
  const std::vector<std::string>& shorter = a.size() <= b.size() ? a : b;
  const std::vector<std::string>& longer = a.size() <= b.size() ? b : a;
  const std::size_t s = shorter.size(), l = longer.size();
  std::unordered_set<std::string> seen_short, seen_long;
  double overlap = 0.0;           // X_d: items that both have in their first d
  double overlap_at_short = 0.0;  // X_s
  double sum = 0.0, weight = 1.0;
  for (std::size_t d = 1; d <= l; ++d) {
    const std::string& of_long = longer[d - 1];
    if (d <= s) {
      const std::string& of_short = shorter[d - 1];
      if (of_short == of_long) {
        overlap += 1.0;
      } else {
        overlap += static_cast<double>(seen_long.count(of_short) + seen_short.count(of_long));
      }
      seen_short.insert(of_short);
    } else {
      overlap += static_cast<double>(seen_short.count(of_long));
    }
    seen_long.insert(of_long);
    if (d == s) overlap_at_short = overlap;
    weight *= persistence;  // p^d
    const auto depth = static_cast<double>(d);
    sum += overlap / depth * weight;
    if (d > s) {
      const auto size = static_cast<double>(s);
      sum += overlap_at_short * (depth - size) / (size * depth) * weight;
    }
  }
  const auto size = static_cast<double>(s);
  return (1.0 - persistence) / persistence * sum +
         ((overlap - overlap_at_short) / static_cast<double>(l) + overlap_at_short / size) * weight;
}

}  // namespace winnow
