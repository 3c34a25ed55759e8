#pragma once
// Stages: pieces of work whose output is kept under an address made of everything it depends on, so
// that a second run reuses it, an interrupted run goes on, and experiments share what they share.
//
//   <root>/<name>/<address>/           the output, there whole or not at all
//   <root>/<name>/<address>/manifest.json   what it depends on, what made it, its files' digests
//   <root>/<name>/<address>/resume/    of an output that may be computed again: where to start from
//   <root>/<name>/.<address>.work/     resume state of an unfinished stage, survives kill -9
//   <root>/<name>/.<address>.lock      held while a process computes it; others wait

#include <boost/json.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "config/value.h"

namespace winnow {

// What an output depends on. Thread counts and folders do not belong here.
struct Stage {
  std::string name;        // "train"; lower case, a folder name
  int format_version = 1;  // raised when the code computes or writes something else
  config::Value config;    // its options, all of them
  std::map<std::string, std::string> inputs;  // digests of what it reads, by role
  std::string title;                          // for logs: "train temp_plus, seed 100"
  // Whether it runs on one thread beside other stages: its CPU time is then that thread's, else the
  // process's.
  bool one_thread = false;

  // The address: 32 hexadecimal characters.
  std::string address() const;
};

// Handed to the function that computes a stage.
struct StageWork {
  std::filesystem::path output;  // fill this folder
  // Exists; what is put here is found again by the next process when this one is killed. Removed
  // when the stage is complete.
  std::filesystem::path resume;
  // Digest of the result, what later stages depend on. Left empty: of all files in `output`.
  std::string digest;
  boost::json::object facts;  // small values that later readers want without opening the output
  // Whether the resume state stays beside the output, outside its digest, for a run that asks for
  // the stage again, e.g. to measure failed rows once more.
  bool keep_resume = false;
  double earlier_cpu_seconds = 0.0;  // spent by killed processes, where the resume state knows
};

struct StageOutput {
  std::filesystem::path folder;
  std::string digest;
  boost::json::object facts;
  double wall_seconds = 0.0;  // of the process that completed it
  double cpu_seconds = 0.0;
  boost::json::object made_by;  // provenance() of that process, and when: started, ended
};

// Safe to use from several threads and several processes at once.
class StageCache {
 public:
  // `fresh`: every stage is computed once more by this object, whatever is there.
  StageCache(std::filesystem::path root, bool fresh);

  // The output of `stage`, computed by `compute` unless it is there already. When `compute` throws,
  // nothing but the resume state is left, and the output that was there. An output whose files are
  // not what its manifest says is computed again, with a warning. Throws IoError where files cannot
  // be written, and where the output's folder was removed while it was being filled.
  //
  // `recompute_if`: whether an output that is there is computed once more by this object, from the
  // resume state that was kept with it. The new output takes its place.
  StageOutput run(const Stage& stage, const std::function<void(StageWork&)>& compute,
                  const std::function<bool(const StageOutput&)>& recompute_if = {});

  // The output where it is there, whole; nothing otherwise.
  std::optional<StageOutput> find(const Stage& stage);

  // Stages that this object computed and those it found there.
  std::size_t computed() const;
  std::size_t reused() const;
  // How many of all these each commit made, by "<commit>", "<commit>, modified" or "unknown".
  std::map<std::string, std::size_t> commits() const;

 private:
  bool is_done(const std::string& place) const;
  // Of a damaged output, for each one once.
  bool is_first_warning(const std::string& place);
  std::optional<StageOutput> find(const Stage& stage, const std::filesystem::path& place,
                                  const std::function<bool(const StageOutput&)>& recompute_if);

  std::filesystem::path root_;
  bool fresh_;
  mutable std::mutex mutex_;
  std::set<std::string> done_;  // places that this object computed
  std::set<std::string> found_;
  std::set<std::string> warned_;
  std::map<std::string, StageOutput> verified_;  // by place, once in a process
};

}  // namespace winnow
