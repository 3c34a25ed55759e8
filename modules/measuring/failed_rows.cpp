#include "measuring/failed_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace winnow {

std::string summary_of(const std::vector<FailedRow>& failures) {
  struct Found {
    std::size_t count = 0;
    const FailedRow* first = nullptr;
  };
  std::map<std::string, Found> by_reason;
  for (const FailedRow& failure : failures) {
    Found& found = by_reason[failure.reason];
    ++found.count;
    if (found.first == nullptr || failure.row < found.first->row) found.first = &failure;
  }
  std::vector<Found> reasons;
  reasons.reserve(by_reason.size());
  for (const auto& [reason, found] : by_reason) reasons.push_back(found);
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const Found& a, const Found& b) { return a.count > b.count; });
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, reasons.size()); ++i) {
    text += fmt::format("\n  {} x {} (e.g. sample '{}')", reasons[i].count,
                        reasons[i].first->reason, reasons[i].first->id);
  }
  if (reasons.size() > kShown) {
    text += fmt::format("\n  {} other reasons", reasons.size() - kShown);
  }
  return text;
}

}  // namespace winnow
