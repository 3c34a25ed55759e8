#pragma once
// How many rows of each source and kind to take, under shares of kinds and floors and caps of
// sources: exact, so that a set of constraints that can be met is met.

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "selectors/selector.h"

namespace winnow {

// Kinds of rows that constraints tell apart: images and text; videos with a static question; videos
// with a temporal one.
enum class RowKind : std::uint8_t { still, video, temporal };
RowKind kind_of(const RowTable& rows, std::size_t row);
inline constexpr std::size_t kRowKinds = 3;
using KindCounts = std::array<std::int64_t, kRowKinds>;  // indexed by RowKind

struct Constraints {
  std::int64_t budget = 0;
  std::int64_t video_minimum = 0, video_maximum = 0;  // rows; temporal ones are videos too
  std::int64_t temporal_minimum = 0;
  std::vector<std::int64_t> source_floor, source_cap;  // [source], rows
  std::vector<std::string> source_names;               // [source]
};

// What counts[source][kind] make of the constraints, named as in GdoOptions::relax; floors have
// "/" and the source's name appended. Constraints that bind nobody (a floor of 0) are left out.
std::vector<ConstraintReport> judge(const Constraints& constraints,
                                    const std::vector<KindCounts>& counts);

// Counts [source][kind], at most `available`, that meet the constraints and are as near to
// `desired` as they can be (relative deviations are spread over the cells). What cannot be met is
// missed by as little as possible, constraints in `relaxed` first. By minimum-cost flow.
std::vector<KindCounts> allocate(const Constraints& constraints,
                                 const std::vector<KindCounts>& available,
                                 const std::vector<KindCounts>& desired,
                                 const std::set<std::string>& relaxed);

}  // namespace winnow
