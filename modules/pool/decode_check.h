#pragma once
// Which rows have media that cannot be decoded.

#include <cstdint>
#include <functional>
#include <vector>

#include "pool/pool.h"

namespace winnow {

struct UndecodableRow {
  std::size_t row = 0;
  BadRow bad;  // of kind "undecodable", with the decoder's reason
};

// Decodes all media of rows [0, count), each once however many rows show it, on all workers, with
// progress on standard error. `sample_of` is called from several threads. In the order of the rows.
std::vector<UndecodableRow> find_undecodable(std::size_t count,
                                             const std::function<Sample(std::size_t)>& sample_of,
                                             std::int64_t maximum_pixels);

}  // namespace winnow
