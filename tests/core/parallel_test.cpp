#include "core/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace winnow {
namespace {

TEST(ParallelFor, CallsEveryItemOnce) {
  for (const std::size_t workers : {1u, 2u, 7u, 64u}) {
    std::vector<std::atomic<int>> calls(50);
    parallel_for(
        50, [&](std::size_t i) { ++calls[i]; }, workers);
    for (const auto& count : calls) EXPECT_EQ(count, 1);
  }
  parallel_for(
      0, [](std::size_t) { FAIL() << "there are no items"; }, 4);
}

// Two items that wait for each other can only end on two threads.
TEST(ParallelFor, RunsSideBySide) {
  std::atomic<int> arrived{0};
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  parallel_for(
      2,
      [&](std::size_t) {
        ++arrived;
        while (arrived < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        EXPECT_EQ(arrived, 2);
      },
      2);
}

TEST(ParallelFor, RethrowsAndHandsOutNoMore) {
  for (const std::size_t workers : {1u, 3u}) {
    std::atomic<int> calls{0};
    const auto body = [&](std::size_t) {
      ++calls;
      throw std::runtime_error("bad item");
    };
    EXPECT_THROW(parallel_for(1000, body, workers), std::runtime_error);
    EXPECT_LE(calls, static_cast<int>(workers));
  }
  int after = 0;  // a failure leaves nothing behind that would make later calls serial or silent
  std::mutex mutex;
  parallel_for(
      10,
      [&](std::size_t) {
        const std::lock_guard lock(mutex);
        ++after;
      },
      2);
  EXPECT_EQ(after, 10);
}

TEST(ParallelFor, NestedCallsStayOnTheirThread) {
  std::atomic<int> strangers{0}, calls{0};
  parallel_for(
      4,
      [&](std::size_t) {
        const auto outer = std::this_thread::get_id();
        parallel_for(
            5,
            [&](std::size_t) {
              ++calls;
              strangers += std::this_thread::get_id() == outer ? 0 : 1;
            },
            3);
      },
      2);
  EXPECT_EQ(calls, 20);
  EXPECT_EQ(strangers, 0);
}

TEST(WorkerCount, IsWhatWasSetOrTheCores) {
  set_worker_count(5);
  EXPECT_EQ(worker_count(), 5u);
  set_worker_count(0);
  EXPECT_GE(worker_count(), 1u);
}

}  // namespace
}  // namespace winnow
