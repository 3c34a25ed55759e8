#pragma once
// The runs below a folder of results, as they say of themselves.

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "experiments/runs/run_record.h"
#include "report/statistics.h"

namespace winnow {

// One method's numbers in the main table; accuracies in points.
struct MethodOfRun {
  std::string name, label, role;
  std::int64_t rows = 0;
  double average = 0.0;
  std::optional<double> spread;        // over seeds
  std::optional<Interval> difference;  // to the reference
  double cpu_seconds = 0.0;            // selection and training, mean over seeds
};

struct Run {
  std::string name;  // its folder below the results: "table1,seed=3", "ost_table5/early"
  std::filesystem::path folder;
  std::string experiment;
  std::vector<std::string> overrides;  // what the command line changed, without the experiment
  // "done", "running", "failed", or "killed": it says that it is running and its process is gone.
  // A run of another machine that says so is believed. "unknown" without run.json and provenance.
  std::string state;
  std::string message;               // of a failed one
  std::optional<std::int64_t> time;  // when it ended, else when it started; seconds since 1970
  std::string host, command, commit;
  bool modified = false;                                 // whether the commit's code was changed
  std::map<std::string, std::set<std::string>> choices;  // options by group: goal, scale
  std::vector<MethodOfRun> methods;                      // empty: no numbers.json
  std::optional<double> cpu_seconds;  // of all its stages when they were computed

  // The method (no control, reference, base or oracle) with the highest average; null without one.
  const MethodOfRun* best() const;
  // Every value of its config by key; read when it is asked for first. Throws DataError.
  const std::map<std::string, ConfigEntry>& config() const;

 private:
  mutable std::optional<std::map<std::string, ConfigEntry>> config_;
};

// The runs of a folder of results, by name, with those that lie in the folder of a grid. A folder
// that cannot be read as a run is told of in `problems`, one line each.
std::vector<Run> list_runs(const std::filesystem::path& results,
                           std::vector<std::string>& problems);

// Of one folder, named as a run of `results` or by its path. Throws ConfigError where there is
// none, with the nearest name, and DataError for what cannot be read.
Run find_run(const std::filesystem::path& results, const std::string& name);

// Its provenance.json; empty where it has none. Throws DataError.
boost::json::object provenance_file(const Run& run);

// "35 s", "12 min", "3 h", "2 d".
std::string age_text(std::int64_t seconds);

}  // namespace winnow
