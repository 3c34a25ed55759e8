#include "trackers/delivery.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "core/files.h"
#include "core/printable.h"
#include "trackers/journal.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

// Fewer after a failure: what fails often gets on by small pieces.
constexpr std::size_t kMostAtOnce = 1000, kLessAtOnce = 4;
// Users expect points within seconds.
constexpr double kInterval = 2.0;
constexpr double kFirstWait = 1.0, kLongestWait = 60.0;

std::chrono::duration<double> seconds(double count) { return std::chrono::duration<double>(count); }

}  // namespace

Delivery::Delivery(NamedTracker tracker, TrackedRunFacts run, std::uint64_t size)
    : tracker_(std::move(tracker)), run_(std::move(run)), size_(size) {
  destination_ = tracker_.tracker->destination(run_);
  load();
  thread_ = std::thread([this] { work(); });
}

Delivery::~Delivery() { end(0.0); }

fs::path Delivery::state_file() const { return run_.folder / (tracker_.name + ".json"); }

void Delivery::load() {
  try {
    if (!fs::exists(state_file())) return;
    const json::value stored = json::parse(read_file(state_file()));
    if (stored.at("destination").as_string() != destination_) return;
    place_ = std::min(stored.at("bytes").to_number<std::uint64_t>(), size_.load());
    memory_ = stored.at("memory").as_object();
  } catch (const std::exception& error) {
    spdlog::warn("{}: {}; the tracker {} is told everything again", state_file().string(),
                 error.what(), tracker_.name);
    place_ = 0;
    memory_.clear();
  }
}

void Delivery::store() const {
  write_file(state_file(),
             json::serialize(json::object{
                 {"destination", destination_}, {"bytes", place_.load()}, {"memory", memory_}}));
}

void Delivery::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    const double wait = wait_seconds_ > 0 ? wait_seconds_ : kInterval;
    // After a failure an ending run still waits, until its patience is at an end.
    changed_.wait_for(lock, seconds(wait),
                      [&] { return stop_ || (ending_ && wait_seconds_ == 0); });
    lock.unlock();
    bool more = true;
    while (more && !stop_ && !gave_up_) more = deliver(size_);
    lock.lock();
    if (stop_ || gave_up_ || (ending_ && place_ == size_)) break;
  }
  done_ = true;
  changed_.notify_all();
}

bool Delivery::deliver(std::uint64_t size) {
  if (place_ == size) return false;
  try {
    const JournalPart part = read_journal(run_.folder / "journal.jsonl", place_, size, at_once_);
    json::object memory = memory_;
    tracker_.tracker->take(run_, part.records, memory, stop_);
    memory_ = std::move(memory);
    place_ = part.end;
    store();
    at_once_ = std::min(2 * at_once_, kMostAtOnce);
  } catch (const TrackerError& error) {
    failed(error.what(), error.may_pass(), error.wait_seconds().value_or(0.0));
    return false;
  } catch (const std::exception& error) {
    failed(error.what(), true, 0.0);
    return false;
  }
  const std::lock_guard lock(mutex_);
  wait_seconds_ = 0.0;
  problem_.clear();
  return true;
}

void Delivery::failed(const std::string& message, bool try_again, double wait_seconds) {
  if (stop_) return;
  at_once_ = std::max<std::size_t>(1, at_once_ / kLessAtOnce);
  const std::string shown = shortened(printable(message), 300);
  {
    const std::lock_guard lock(mutex_);
    problem_ = shown;
    gave_up_ = !try_again;
    // Many runs must not come back at the same moment: up to a quarter more, by the run's id.
    const double jitter =
        1.0 + static_cast<double>(std::hash<std::string>()(run_.id) % 256) / 1024.0;
    wait_seconds_ =
        std::max(wait_seconds, jitter * std::clamp(2.0 * wait_seconds_, kFirstWait, kLongestWait));
  }
  if (warned_) return;
  warned_ = true;
  spdlog::warn("tracker {} ({}): {}. The run goes on; what it says is kept in {}{}", tracker_.name,
               printable(destination_), shown, run_.folder.string(),
               try_again ? " and sent as soon as that works" : "");
}

void Delivery::grow(std::uint64_t size) { size_ = size; }

void Delivery::end(double patience) {
  {
    std::unique_lock lock(mutex_);
    ending_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, seconds(patience), [&] { return done_; });
    stop_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

std::string Delivery::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

}  // namespace winnow
