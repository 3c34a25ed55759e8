#pragma once
// A recipe is what `winnow run` runs: the code behind an experiment's TOML file. It registers
// itself under the name that the config's table `recipe` gives as `type`.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/component.h"
#include "config/value.h"
#include "trackers/tracked_run.h"

namespace winnow {

struct RunRequest {
  std::string name;               // of the experiment and its overrides; a folder name
  const config::Value& config;    // composed
  std::filesystem::path results;  // stages and the experiment's own folder go below it
  bool fresh = false;
  bool all_tables = false;  // on a terminal, where the main one alone is printed otherwise
  TrackedRun tracked = {};  // told of what goes on, by recipes that train
};

class Recipe {
 public:
  virtual ~Recipe() = default;
  // Reads the whole config without touching data: throws ConfigError for a key that nothing reads
  // and for values that cannot work.
  virtual void check(const config::Value& config) const = 0;
  // check()s, runs, prints its tables to standard output and leaves everything else in
  // <results>/<name>/.
  virtual void run(const RunRequest& request) const = 0;
};

config::ComponentKind<Recipe>& recipes();

// The recipe of a composed config, which has then read all of it without complaint.
std::unique_ptr<Recipe> checked_recipe(const config::Value& config);

// The config's table `run`: how the program runs, nothing that changes a result.
struct RunOptions {
  std::int64_t workers = 0;
  std::string log_level = "info";
  bool progress = true;
};
BOOST_DESCRIBE_STRUCT(RunOptions, (), (workers, log_level, progress))
config::Help help(const RunOptions&);

}  // namespace winnow
