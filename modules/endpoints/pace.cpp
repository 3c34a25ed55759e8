#include "endpoints/pace.h"

#include <algorithm>

namespace winnow {
namespace {

std::chrono::steady_clock::duration duration_of(double seconds) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(seconds));
}

}  // namespace

Pace::Pace(double requests_per_minute)
    : spacing_(requests_per_minute > 0 ? duration_of(60.0 / requests_per_minute)
                                       : Clock::duration::zero()) {}

bool Pace::wait_for_turn() {
  std::unique_lock lock(mutex_);
  while (true) {
    const Clock::time_point now = Clock::now(), turn = std::max(next_turn_, held_until_);
    if (stopped_) return false;
    if (turn <= now) {
      next_turn_ = now + spacing_;
      return true;
    }
    if (!sleep_until(lock, turn)) return false;  // then look again: another may have been faster
  }
}

void Pace::hold(double seconds) {
  const std::lock_guard lock(mutex_);
  held_until_ = std::max(held_until_, Clock::now() + duration_of(seconds));
}

bool Pace::sleep(double seconds) {
  std::unique_lock lock(mutex_);
  return sleep_until(lock, Clock::now() + duration_of(seconds));
}

void Pace::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool Pace::sleep_until(std::unique_lock<std::mutex>& lock, Clock::time_point time) {
  return !changed_.wait_until(lock, time, [&] { return stopped_; });
}

}  // namespace winnow
