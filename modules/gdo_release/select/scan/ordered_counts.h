#pragma once
// Counts by name that remember the order in which the names came first, as Python's Counter does:
// the release's quotas, ties and reports follow that order.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gdo_release/select/scan/key_table.h"

namespace winnow::gdo_release {

struct NamedCount {
  std::string name;
  std::int64_t count = 0;
};

class OrderedCounts {
 public:
  void add(std::string_view name, std::int64_t count = 1) {
    const std::uint32_t place = places_.add(key_of(name));
    if (place == entries_.size()) entries_.push_back({std::string(name), 0});
    entries_[place].count += count;
  }
  // Of the entry at `place`.
  void increment(std::size_t place) { ++entries_[place].count; }
  // 0 for a name that is not there.
  std::int64_t count(std::string_view name) const {
    const std::uint32_t place = places_.find(key_of(name));
    return place == KeyTable::kNone ? 0 : entries_[place].count;
  }
  // entries().size() for a name that is not there.
  std::size_t place(std::string_view name) const {
    const std::uint32_t place = places_.find(key_of(name));
    return place == KeyTable::kNone ? entries_.size() : place;
  }
  const std::vector<NamedCount>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  std::int64_t total() const;
  // The `count` largest, the largest first; of equal ones those that came first.
  std::vector<NamedCount> most_common(std::size_t count) const;

 private:
  KeyTable places_;
  std::vector<NamedCount> entries_;
};

// Splits `total` in proportion to the counts: the whole parts, then one each to the largest
// remainders (of equal ones to those that came first). Nothing when the counts add up to 0.
std::vector<std::int64_t> largest_remainder_quotas(const OrderedCounts& counts, std::int64_t total);

}  // namespace winnow::gdo_release
