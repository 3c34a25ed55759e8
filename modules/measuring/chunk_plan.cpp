#include "measuring/chunk_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <tuple>

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

// By row of the pool, a number for the first medium of each wanted sample. None where it has no
// media or cannot be read: measuring it says why.
constexpr std::uint64_t kNoMedium = 0;
std::vector<std::uint64_t> first_media(const Pool& pool, const Rows& rows) {
  std::vector<std::uint64_t> media(pool.size(), kNoMedium);
  parallel_for(rows.size(), [&](std::size_t i) {
    if (pool.rows().modality(rows[i]) == Modality::text) return;
    try {
      const Sample sample = pool.sample(rows[i]);
      if (sample.media.empty()) return;
      media[rows[i]] = std::max(kNoMedium + 1, hash64(sample.media.front().key()));
    } catch (const DataError&) {
    }
  });
  return media;
}

// Of each position in `rows` the first one whose sample has the same first medium: its own where
// it has none.
Rows leaders_of(const Rows& rows, const std::vector<std::uint64_t>& media) {
  const auto medium = [&](std::uint32_t position) { return media[rows[position]]; };
  Rows by_medium(rows.size());
  std::iota(by_medium.begin(), by_medium.end(), 0U);
  std::sort(by_medium.begin(), by_medium.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(medium(a), a) < std::pair(medium(b), b);
  });
  Rows leaders(rows.size());
  std::uint32_t leader = 0;
  for (std::size_t i = 0; i < by_medium.size(); ++i) {
    const std::uint32_t position = by_medium[i];
    if (i == 0 || medium(position) == kNoMedium || medium(position) != medium(by_medium[i - 1])) {
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
  // Read in the order of the pool's files.
  const std::vector<std::uint64_t> media =
      media_together ? first_media(pool, rows) : std::vector<std::uint64_t>();
  const auto key = [&](std::uint32_t row) {
    return std::tuple(pool.rows().content(row), pool.rows().id(row), row);
  };
  std::sort(rows.begin(), rows.end(),
            [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
  if (!media_together) return equal_chunks(std::move(rows), chunk_samples);
  const Rows leaders = leaders_of(rows, media);
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
