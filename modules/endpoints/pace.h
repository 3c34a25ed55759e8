#pragma once
// When the next request may leave, for all threads together.

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace winnow {

class Pace {
 public:
  // 0: no limit.
  explicit Pace(double requests_per_minute);

  // Waits for a turn; false when stop() came first. Turns are equally spaced, so that a server
  // that counts over any window sees no burst.
  bool wait_for_turn();
  // No turn begins for this long: a server asked for it.
  void hold(double seconds);
  // Waits; false when stop() came first.
  bool sleep(double seconds);
  // Ends all waiting, for good.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  bool sleep_until(std::unique_lock<std::mutex>& lock, Clock::time_point time);

  Clock::duration spacing_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Clock::time_point next_turn_ = Clock::time_point::min(), held_until_ = Clock::time_point::min();
  bool stopped_ = false;
};

}  // namespace winnow
