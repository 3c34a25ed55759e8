#pragma once
// Which rows of a pool are measured together. Numbers of a sample depend, in their last bits, on
// those it shares a batch with: plans that do not depend on the order of a pool's files keep them.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "pool/pool.h"

namespace winnow {

// Rows of a pool, in chunks. At most 8 bytes a row.
class ChunkPlan {
 public:
  ChunkPlan() = default;
  // `ends`: of the chunks, in `rows`; rising, the last one is the number of rows.
  ChunkPlan(std::vector<std::uint32_t> rows, std::vector<std::uint32_t> ends);

  std::size_t chunks() const { return ends_.size(); }
  // Of all chunks, one after the other.
  const std::vector<std::uint32_t>& rows() const { return rows_; }
  const std::vector<std::uint32_t>& ends() const { return ends_; }
  std::span<const std::uint32_t> chunk(std::size_t index) const;

 private:
  std::vector<std::uint32_t> rows_, ends_;
};

// Rows of a pool that somebody asks for, each once; nothing means all.
using WantedRows = std::optional<std::vector<std::size_t>>;

// In their order. For all three: `chunk_samples` of at least 1; the last chunk may be smaller.
// Throws std::logic_error for a row that the pool does not have or that is wanted twice.
ChunkPlan plan_in_order(const Pool& pool, const WantedRows& wanted, std::size_t chunk_samples);
// By id.
ChunkPlan plan_by_id(const Pool& pool, const WantedRows& wanted, std::size_t chunk_samples);
// By content. With `media_together` samples that have the same first medium stay together, so that
// each medium is met once: a chunk may be larger by the samples of its last medium, up to 16 times
// `chunk_samples`, where even those of one medium are parted. Reads every sample that has media.
ChunkPlan plan_by_content(const Pool& pool, const WantedRows& wanted, std::size_t chunk_samples,
                          bool media_together);

}  // namespace winnow
