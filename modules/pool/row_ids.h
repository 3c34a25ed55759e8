#pragma once
// The rule that makes ids of a pool unique, so that they depend neither on the order of files nor
// on where the pool lies. An id that occurs once is kept. Rows that share one, or have none, get
// "<id>#<digest of their content>" or "row-<digest>"; those that cannot be told apart by it are
// numbered in their order: "...-2", "...-3".

#include <cstdint>
#include <filesystem>
#include <functional>

#include "pool/row_table.h"

namespace winnow {

// 48 bits of a sample's content, media paths as they stand below `media_root`: the same wherever
// the pool lies.
std::uint64_t portable_digest(const Sample& sample, const std::filesystem::path& media_root);

// Applies the rule; `content_of` gives the portable digest of a row.
void make_ids_unique(RowTable& rows,
                     const std::function<std::uint64_t(std::size_t row)>& content_of);

}  // namespace winnow
