#include "core/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace winnow {
namespace {

std::size_t available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

std::atomic<std::size_t> configured_workers{0};
thread_local bool inside_worker = false;

}  // namespace

std::size_t worker_count() {
  const std::size_t configured = configured_workers.load();
  return configured > 0 ? configured : available_cores();
}

void set_worker_count(std::size_t count) { configured_workers.store(count); }

void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body,
                  std::size_t workers) {
  if (workers == 0) workers = worker_count();
  workers = std::min(workers, count);
  if (inside_worker || workers <= 1) {
    for (std::size_t i = 0; i < count; ++i) body(i);
    return;
  }
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto run = [&] {
    inside_worker = true;
    while (true) {
      const std::size_t i = next.fetch_add(1);
      if (i >= count) break;
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(failure_mutex);
        if (!failure) failure = std::current_exception();
        next.store(count);
      }
    }
    inside_worker = false;
  };
  std::vector<std::thread> threads;
  try {
    for (std::size_t t = 1; t < workers; ++t) threads.emplace_back(run);
  } catch (const std::system_error&) {
    // The system gives no more threads: those there are do all of it.
  }
  run();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace winnow
