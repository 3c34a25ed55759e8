#pragma once
// Progress of long work on standard error: done / total, rate and time left. On a terminal one
// line is redrawn; elsewhere a line appears every ten seconds. Thread-safe.

#include <cstdint>
#include <memory>
#include <string>

namespace winnow {

class Progress {
 public:
  // `unit` names what is counted ("samples"). `total` may be 0 when unknown.
  Progress(std::string title, std::int64_t total, std::string unit);
  // Ends the line. Never throws.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::int64_t count = 1);
  // So much was done before this process began: it counts as done, not for the rate.
  void resume(std::int64_t count);

  // Silences all progress of this process (tests, --quiet).
  static void set_enabled(bool enabled);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
