#include "core/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>

#include "core/logging.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> progress_enabled{true};

bool on_terminal() {
  static const bool value = ::isatty(STDERR_FILENO) == 1;
  return value;
}

}  // namespace

struct Progress::State {
  std::string title, unit;
  std::int64_t total = 0, done = 0, resumed = 0;
  Clock::time_point start = Clock::now(), last_shown = start;
  bool shown = false;
  std::mutex mutex;

  void show(Clock::time_point now) {
    const double seconds = std::chrono::duration<double>(now - start).count();
    const double rate = seconds > 0 ? static_cast<double>(done - resumed) / seconds : 0;
    std::string line = fmt::format("{}: {}", title, done);
    if (total > 0) line += fmt::format("/{}", total);
    line += fmt::format(" {}, {:.0f}/s", unit, rate);
    if (total > done && rate > 0) {
      line += ", " + format_seconds(static_cast<double>(total - done) / rate) + " left";
    }
    std::fprintf(stderr, on_terminal() ? "\r\033[K%s" : "%s\n", line.c_str());
    std::fflush(stderr);
    shown = true;
    last_shown = now;
  }
};

Progress::Progress(std::string title, std::int64_t total, std::string unit)
    : state_(std::make_unique<State>()) {
  state_->title = std::move(title);
  state_->unit = std::move(unit);
  state_->total = total;
}

Progress::~Progress() {
  if (state_->shown && on_terminal()) std::fprintf(stderr, "\r\033[K");
}

void Progress::advance(std::int64_t count) {
  const std::lock_guard lock(state_->mutex);
  state_->done += count;
  if (!progress_enabled.load()) return;
  const Clock::time_point now = Clock::now();
  const auto interval = on_terminal() ? std::chrono::milliseconds(200) : std::chrono::seconds(10);
  if (now - state_->last_shown >= interval) state_->show(now);
}

void Progress::resume(std::int64_t count) {
  const std::lock_guard lock(state_->mutex);
  state_->done += count;
  state_->resumed += count;
}

void Progress::set_enabled(bool enabled) { progress_enabled.store(enabled); }

}  // namespace winnow
