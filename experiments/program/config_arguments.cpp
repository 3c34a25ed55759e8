#include "experiments/program/config_arguments.h"

#include <cstdlib>

#include "config/compose.h"
#include "config/print.h"
#include "core/logging.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "experiments/stages/recipe.h"

namespace winnow {
namespace fs = std::filesystem;

void ConfigArguments::declare(Arguments& arguments, const std::string& help) {
  arguments.words("overrides", overrides_, help);
  declare_folders(arguments);
}

void ConfigArguments::declare_folders(Arguments& arguments) {
  arguments.repeated("--config-dir", configs_,
                     "folder of config files that comes before winnow's own; may be repeated");
}

std::vector<fs::path> ConfigArguments::folders() const {
  std::vector<fs::path> all = configs_;
  all.push_back(home_folder() / "configs");
  return all;
}

config::Value ConfigArguments::compose(const std::string& root,
                                       const std::vector<std::string>& overrides) const {
  // Configs name files that come with the program by it.
  ::setenv("WINNOW_HOME", home_folder().c_str(), 0);
  return config::compose({folders(), root, overrides});
}

void ResultsArgument::declare(Arguments& arguments) {
  arguments.option("--results", folder_, "folder for stages and results");
}

void apply_run_options(const config::Value& config) {
  const config::Value* table = config.child("run");
  const auto options = table == nullptr ? RunOptions{} : config::bind<RunOptions>(*table, "run");
  set_up_logging(options.log_level);
  set_worker_count(static_cast<std::size_t>(options.workers));
  Progress::set_enabled(options.progress);
}

std::string overview_of_command(
    const std::vector<std::pair<std::string, std::vector<std::string>>>& choices,
    const std::vector<config::OptionDescription>& options) {
  std::string text = "Choices, each with options KIND.KEY=VALUE (winnow list KIND NAME):\n";
  for (const auto& [kind, names] : choices) {
    text += "  " + kind + "=";
    for (const std::string& name : names) text += (&name == &names.front() ? "" : ", ") + name;
    text += "\n";
  }
  return text + "\nOptions (KEY=VALUE):\n" + config::print_options(options);
}

std::string overview_of_configs(const std::vector<fs::path>& folders) {
  return "Overrides choose options of groups and set values: experiment=table1 scale=smoke\n"
         "trainer.learning_rate=1e-4 +key=new ~key. See configs/README.md.\n\nGroups:\n" +
         config::print_groups(folders) + "\nOptions of the table run (run.KEY=VALUE):\n" +
         config::print_options(config::describe<RunOptions>());
}

}  // namespace winnow
