#pragma once
// What trackers are told of any run: its config, what made it, and the files that it leaves.

#include <filesystem>
#include <string>
#include <vector>

#include "config/value.h"
#include "trackers/tracking.h"

namespace winnow {

// Whether an override chooses or sets up trackers, which change no result.
bool is_of_trackers(const std::string& override_text);

// Throws ConfigError for what is wrong with the config's table `trackers`.
void check_trackers(const config::Value& config);

// Who the run is to its trackers: its config without what changes no result.
std::string tracked_identity(const config::Value& config);

// Tells its settings, and as tags the command, the commit and the machine. `overrides`: what tells
// it from its experiment, its parameters.
void track_origin(const TrackedRun& run, const config::Value& config,
                  const std::vector<std::string>& overrides);

// Tells the files of a run's folder: tables, figures, config, answers, provenance. Large ones are
// left out with a warning.
void track_files(const TrackedRun& run, const std::filesystem::path& folder);

}  // namespace winnow
