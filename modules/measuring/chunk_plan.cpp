#include "measuring/chunk_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "core/errors.h"
#include "core/hash.h"
#include "core/parallel.h"

namespace winnow {
namespace {

using Rows = std::vector<std::uint32_t>;

// So many times the asked size a chunk is at most.
constexpr std::size_t kLargest = 16;

Rows rows_of(const Pool& pool, const WantedRows& wanted) {
  Rows rows;
  if (!wanted) {
    rows.resize(pool.size());
    std::iota(rows.begin(), rows.end(), 0U);
    return rows;
  }
  rows.reserve(wanted->size());
  std::vector<bool> seen(pool.size());
  for (const std::size_t row : *wanted) {
    if (row >= pool.size() || seen[row]) {
      throw std::logic_error(
          fmt::format("row {} is wanted twice, or a pool of {} has none", row, pool.size()));
    }
    seen[row] = true;
    rows.push_back(static_cast<std::uint32_t>(row));
  }
  return rows;
}

ChunkPlan equal_chunks(Rows rows, std::size_t chunk_samples) {
  std::vector<std::uint32_t> ends;
  ends.reserve(rows.size() / chunk_samples + 1);
  for (std::size_t first = 0; first < rows.size(); first += chunk_samples) {
    ends.push_back(static_cast<std::uint32_t>(std::min(rows.size(), first + chunk_samples)));
  }
  return {std::move(rows), std::move(ends)};
}

// Of each position in `rows` that of the first row with the same first medium, which is its own
// where a row has no media, or none that can be read: measuring it says why.
Rows leaders_of(const Pool& pool, const Rows& rows) {
  constexpr std::uint64_t kNone = 0;
  std::vector<std::uint64_t> media(rows.size(), kNone);
  parallel_for(rows.size(), [&](std::size_t i) {
    if (pool.rows().modality(rows[i]) == Modality::text) return;
    try {
      const Sample sample = pool.sample(rows[i]);
      if (!sample.media.empty())
        media[i] = std::max<std::uint64_t>(1, hash64(sample.media[0].key()));
    } catch (const DataError&) {
    }
  });
  Rows by_medium(rows.size());
  std::iota(by_medium.begin(), by_medium.end(), 0U);
  std::sort(by_medium.begin(), by_medium.end(), [&](std::uint32_t a, std::uint32_t b) {
    return media[a] != media[b] ? media[a] < media[b] : a < b;
  });
  Rows leaders(rows.size());
  std::uint32_t leader = 0;
  for (std::size_t i = 0; i < by_medium.size(); ++i) {
    const std::uint32_t position = by_medium[i];
    if (i == 0 || media[position] == kNone || media[position] != media[by_medium[i - 1]]) {
      leader = position;
    }
    leaders[position] = leader;
  }
  return leaders;
}

}  // namespace

ChunkPlan::ChunkPlan(Rows rows, Rows ends) : rows_(std::move(rows)), ends_(std::move(ends)) {
  assert(rows_.empty() ? ends_.empty() : !ends_.empty() && ends_.back() == rows_.size());
}

std::span<const std::uint32_t> ChunkPlan::chunk(std::size_t index) const {
  const std::size_t first = index == 0 ? 0 : ends_[index - 1];
  return std::span(rows_).subspan(first, ends_[index] - first);
}

ChunkPlan plan_in_order(const Pool& pool, const WantedRows& wanted, std::size_t chunk_samples) {
  return equal_chunks(rows_of(pool, wanted), chunk_samples);
}

ChunkPlan plan_by_id(const Pool& pool, const WantedRows& wanted, std::size_t chunk_samples) {
  Rows rows = rows_of(pool, wanted);
  std::sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(pool.rows().id(a), a) < std::pair(pool.rows().id(b), b);
  });
  return equal_chunks(std::move(rows), chunk_samples);
}

ChunkPlan plan_by_content(const Pool& pool, const WantedRows& wanted, std::size_t chunk_samples,
                          bool media_together) {
  Rows rows = rows_of(pool, wanted);
  std::sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto order = pool.rows().content(a) <=> pool.rows().content(b);
    return order != 0 ? order < 0
                      : std::pair(pool.rows().id(a), a) < std::pair(pool.rows().id(b), b);
  });
  if (!media_together) return equal_chunks(std::move(rows), chunk_samples);
  const Rows leaders = leaders_of(pool, rows);
  Rows positions(rows.size());
  std::iota(positions.begin(), positions.end(), 0U);
  std::sort(positions.begin(), positions.end(), [&](std::uint32_t a, std::uint32_t b) {
    return leaders[a] != leaders[b] ? leaders[a] < leaders[b] : a < b;
  });
  std::vector<std::uint32_t> ends;
  std::size_t first = 0;
  for (std::size_t i = 1; i <= positions.size(); ++i) {
    const std::size_t size = i - first;
    const bool another =
        i == positions.size() || leaders[positions[i]] != leaders[positions[i - 1]];
    if (i < positions.size() && size < kLargest * chunk_samples &&
        !(another && size >= chunk_samples)) {
      continue;
    }
    ends.push_back(static_cast<std::uint32_t>(i));
    first = i;
  }
  for (std::uint32_t& position : positions) position = rows[position];
  return {std::move(positions), std::move(ends)};
}

}  // namespace winnow
