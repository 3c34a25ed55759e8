#pragma once
// A run with its trackers, from its beginning to its end: takes what is said of it, keeps it in a
// journal, and lets every tracker read from there.
//
//   <folder>/tracking/run.json        who it is
//   <folder>/tracking/trackers.toml   who is told: the config's table `trackers`
//   <folder>/tracking/journal.jsonl   all that was said, in order
//   <folder>/tracking/<tracker>.json  how far that one has come
//   <folder>/tracking/kept/           files that were said
//
// A run that is started again goes on in its journal. Where its config is another one, or all of it
// is computed anew, the folder is set aside as tracking-<id>, and another run begins.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/value.h"
#include "trackers/tracked_run.h"

namespace winnow {

struct TrackingPlan {
  std::filesystem::path folder;  // of the run
  std::string name;
  std::string group;     // the sweep that it is one of; empty: of none
  std::string identity;  // what it computes: another one is another run
  bool fresh = false;    // another run in any case
};

class Tracking {
 public:
  // `trackers`: the config's table, null without one. Throws ConfigError for what is wrong with it;
  // where nothing can be written, that is a warning, and nobody is told.
  Tracking(const TrackingPlan& plan, const config::Value* trackers);
  // A run that nobody finished has failed.
  ~Tracking();
  Tracking(const Tracking&) = delete;
  Tracking& operator=(const Tracking&) = delete;

  // Tells nobody after finish().
  TrackedRun run() const;
  // Ends the run, and those of its children that go on, and waits for each tracker as long as it
  // asks for. What is left is a warning that says how to send it.
  void finish(RunStatus status);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// What became of a tracker in sync_tracking.
struct SyncResult {
  std::filesystem::path folder;  // the journal's
  std::string run, tracker, destination;
  std::uint64_t left = 0;  // bytes of the journal that it did not take
  std::string problem;     // why; empty without
};

// Sends what is left of the journals of a run's folder, those set aside included, to the trackers
// that they were written for and to those of the table `more` (null: none), which replace those of
// the same name. A run whose process is gone ends as killed. Waits until all is sent or cannot be,
// for each tracker at most `seconds`. Throws ConfigError where nothing was tracked, or the run is
// going on.
std::vector<SyncResult> sync_tracking(const std::filesystem::path& folder,
                                      const config::Value* more, double seconds);

}  // namespace winnow
