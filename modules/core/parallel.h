#pragma once
// Independent work items on a few threads. Items write to their own slot, so that the result does
// not depend on the number of threads.

#include <cstddef>
#include <functional>

namespace winnow {

// Number of worker threads the program uses: set once at start from config, by default the cores
// this process may run on.
std::size_t worker_count();
void set_worker_count(std::size_t count);

// Calls body(i) for every i of [0, count), in unspecified order on up to `workers` threads (0 means
// worker_count()). The first exception stops the hand-out of items and is rethrown here. Nested
// calls run serially on the calling worker.
void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body,
                  std::size_t workers = 0);

}  // namespace winnow
