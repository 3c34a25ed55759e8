#pragma once
// Runs and the outputs of stages taken away, none of which another run needs.

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "experiments/runs/run_folder.h"

namespace winnow {

// What would go.
struct RemovalPlan {
  std::vector<std::filesystem::path> runs;    // folders
  std::vector<std::filesystem::path> stages;  // outputs, and what unfinished ones left
  std::uint64_t bytes = 0;                    // of all of it
};

// A run's folder and the stages that no other run of these results names (stages.txt). A grid's
// settings go with it. Throws ConfigError while it or any other run is running, for a part of a
// grid, and where a run does not name its stages; with `keep_stages` the latter does not matter.
RemovalPlan plan_removal(const std::filesystem::path& results, const std::string& name,
                         bool keep_stages);

// The stages that no run names, e.g. of experiments that changed, or of `winnow measure` and
// `train`. Throws ConfigError while a run is running and where one does not name its stages.
RemovalPlan plan_collection(const std::filesystem::path& results);

// Does it. Stages that another process has locked stay and are returned. Throws IoError.
std::vector<std::filesystem::path> carry_out(const RemovalPlan& plan);

// "1.2 MB".
std::string size_text(std::uint64_t bytes);

}  // namespace winnow
