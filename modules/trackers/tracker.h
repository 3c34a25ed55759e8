#pragma once
// A tracker is where the records of a run go: files, TensorBoard, a server. It works through them
// at its own pace on a thread of its own; the journal (journal.h) keeps what it has not taken yet.

#include <atomic>
#include <boost/json.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/component.h"
#include "core/errors.h"
#include "trackers/record.h"

namespace winnow {

// The run whose records a tracker takes.
struct TrackedRunFacts {
  std::string id;                // of this run and no other, 16 hexadecimal characters
  std::string name;              // to show; also a folder's name, or several with slashes
  std::string group;             // the sweep that it is one of; empty: of none
  std::filesystem::path folder;  // of the journal: files of records lie below it
};

// What may work another time: a server that is down, busy, or knows us no more.
class TrackerError : public Error {
 public:
  TrackerError(const std::string& message, bool may_pass,
               std::optional<double> wait_seconds = std::nullopt)
      : Error(message), may_pass_(may_pass), wait_seconds_(wait_seconds) {}
  // By itself; else somebody has to do something first.
  bool may_pass() const { return may_pass_; }
  // What the server asked for.
  std::optional<double> wait_seconds() const { return wait_seconds_; }

 private:
  bool may_pass_;
  std::optional<double> wait_seconds_;
};

class Tracker {
 public:
  virtual ~Tracker() = default;
  // Where the records go, for messages; without anything secret. Another place is told all of a
  // run, from the beginning.
  virtual std::string destination(const TrackedRunFacts& run) const = 0;
  // Takes records, in their order. `memory` is the tracker's own: empty at first, and stored with
  // the place in the journal when this returns. When it throws, or the process is killed, the same
  // records come again with the memory of before; then nothing may be there twice. Returns soon
  // when `stop` becomes true, by throwing. Throws TrackerError, IoError.
  virtual void take(const TrackedRunFacts& run, const std::vector<Record>& records,
                    boost::json::object& memory, const std::atomic<bool>& stop) = 0;
  // Seconds that the end of a run waits for it; what is left then is sent by `winnow track sync`.
  virtual double patience() const { return 60.0; }
};

config::ComponentKind<Tracker>& trackers();

struct NamedTracker {
  std::string name;
  std::unique_ptr<Tracker> tracker;
};
// Those of a table `trackers`: one by each key. Throws ConfigError.
std::vector<NamedTracker> make_trackers(const config::Value& table);

}  // namespace winnow
