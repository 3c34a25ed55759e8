#pragma once
// Overrides and folders of configs, and the folder of results: what several subcommands take.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "config/options.h"
#include "config/value.h"
#include "experiments/program/arguments.h"
#include "experiments/program/paths.h"

namespace winnow {

class ConfigArguments {
 public:
  void declare(Arguments& arguments,
               const std::string& help = "GROUP=OPTION, KEY=VALUE, +KEY=VALUE, ~KEY");
  void declare_folders(Arguments& arguments);  // --config-dir alone

  const std::vector<std::string>& overrides() const { return overrides_; }
  // The user's folders, then winnow's own.
  std::vector<std::filesystem::path> folders() const;
  // The config of that root file with these overrides.
  config::Value compose(const std::string& root, const std::vector<std::string>& overrides) const;

 private:
  std::vector<std::string> overrides_;
  std::vector<std::filesystem::path> configs_;
};

// --results: the folder of stages and runs.
class ResultsArgument {
 public:
  void declare(Arguments& arguments);
  std::filesystem::path folder() const { return std::filesystem::absolute(folder_); }

 private:
  std::filesystem::path folder_ = default_results_folder();
};

// Obeys the config's table `run`: workers, log level, progress.
void apply_run_options(const config::Value& config);

// What a command's help says of its config: kinds of components with the names to choose from, as
// "pool=files, llava", and the options at the top.
std::string overview_of_command(
    const std::vector<std::pair<std::string, std::vector<std::string>>>& choices,
    const std::vector<config::OptionDescription>& options);

// The groups of configs and the options of the table `run`, as `--help` shows them.
std::string overview_of_configs(const std::vector<std::filesystem::path>& folders);

}  // namespace winnow
