#pragma once
// The order of an epoch: seeded, length-bucketed, independent of everything but its arguments.

#include <cstdint>
#include <vector>

namespace winnow {

// Positions [0, lengths.size()) in batches of `batch_size` (the last one of the epoch may be
// smaller). Samples are shuffled, cut into windows of `window` batches, sorted by length within a
// window and batched; the batches of the epoch are shuffled again, so that no length comes first.
// The smaller batch stays last. Each epoch has an order of its own. Requires batch_size, window
// >= 1.
std::vector<std::vector<std::size_t>> epoch_batches(const std::vector<std::int64_t>& lengths,
                                                    std::size_t batch_size, std::size_t window,
                                                    std::uint64_t seed, std::uint64_t epoch = 0);

}  // namespace winnow
