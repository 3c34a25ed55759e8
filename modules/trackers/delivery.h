#pragma once
// Brings the records of a journal to one tracker, on a thread of its own, and stores how far it has
// come: <folder>/<name>.json.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "trackers/tracker.h"

namespace winnow {

class Delivery {
 public:
  // `run` says where the journal is; `size`: bytes of it that are there. Begins at once. Throws
  // nothing: what goes wrong is told once by a warning and tried again after a wait that doubles.
  Delivery(NamedTracker tracker, TrackedRunFacts run, std::uint64_t size);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // There are so many bytes.
  void grow(std::uint64_t size);
  // No more comes. Waits until everything is delivered, at most `seconds`, or until it cannot be.
  void end(double seconds);

  const std::string& name() const { return tracker_.name; }
  double patience() const { return tracker_.tracker->patience(); }
  // After end(): bytes of the journal that were not delivered, and why.
  std::uint64_t left() const { return size_ - place_; }
  std::string problem() const;

 private:
  void work();
  // Whether there was something, and it was delivered.
  bool deliver(std::uint64_t size);
  void failed(const std::string& message, bool try_again, double wait_seconds);
  void load();
  void store() const;
  std::filesystem::path state_file() const;

  NamedTracker tracker_;
  TrackedRunFacts run_;
  std::atomic<std::uint64_t> size_, place_{0};
  boost::json::object memory_;
  std::string destination_;
  std::size_t at_once_ = 1000;  // records
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> gave_up_{false};
  bool ending_ = false, done_ = false;
  bool warned_ = false;
  std::string problem_;
  double wait_seconds_ = 0.0;  // before the next try; 0: nothing is wrong
  std::thread thread_;
};

}  // namespace winnow
