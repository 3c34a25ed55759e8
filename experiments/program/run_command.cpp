#include "experiments/program/run_command.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <ostream>
#include <string_view>

#include "config/compose.h"
#include "config/overrides.h"
#include "core/hash.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/run_tracking.h"
#include "experiments/runs/run_record.h"
#include "experiments/stages/recipe.h"

namespace winnow {
namespace {

class RunCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    configs_.declare(arguments);
    arguments.flag("-m,--sweep", sweep_, "sweep: run every combination of a=1,2 b=1..3");
    arguments.flag("--fresh", fresh_, "compute every stage again");
    arguments.option("--tables", tables_,
                     "on a terminal: main, the main one alone, or all; files have all of them");
    results_.declare(arguments);
    arguments.footer([this] { return overview_of_configs(configs_.folders()); });
  }

  int run(std::ostream& out) override {
    if (tables_ != "main" && tables_ != "all") {
      throw ConfigError("--tables " + tables_ + ": expected main or all");
    }
    const auto runs = sweep_ ? config::expand_sweep(configs_.overrides())
                             : std::vector<std::vector<std::string>>{configs_.overrides()};
    // All runs of a sweep are checked before the first one starts.
    std::vector<config::Value> composed;
    std::vector<std::unique_ptr<Recipe>> checked;
    for (const auto& overrides : runs) {
      composed.push_back(configs_.compose("winnow", overrides));
      if (composed.back().child("recipe") == nullptr) throw ConfigError(no_experiment());
      checked.push_back(checked_recipe(composed.back()));
      check_trackers(composed.back());
    }
    for (std::size_t i = 0; i < runs.size(); ++i) {
      apply_run_options(composed[i]);
      const std::string name = run_name(runs[i]);
      if (runs.size() > 1) out << (i == 0 ? "" : "\n") << "=== " << name << " ===\n" << std::flush;
      const std::filesystem::path folder = results_.folder() / name;
      RunRecord record(folder, runs[i], composed[i]);
      Tracking tracking({folder, name, runs.size() > 1 ? run_name(configs_.overrides()) : "",
                         tracked_identity(composed[i]), fresh_},
                        composed[i].child("trackers"));
      track_origin(tracking.run(), composed[i], runs[i]);
      try {
        checked[i]->run(
            {name, composed[i], results_.folder(), fresh_, tables_ == "all", tracking.run()});
      } catch (const std::exception& error) {
        record.fail(error.what());
        throw;
      }
      track_files(tracking.run(), folder);
      tracking.finish(RunStatus::finished);
      record.finish();
    }
    return 0;
  }

 private:
  std::string no_experiment() const {
    std::string known;
    for (const auto& [group, options] : config::list_groups(configs_.folders())) {
      if (group != "experiment") continue;
      for (const std::string& option : options) known += (known.empty() ? "" : ", ") + option;
    }
    return "no experiment is chosen; write experiment=NAME. Known: " + known + ".";
  }

  ConfigArguments configs_;
  ResultsArgument results_;
  bool sweep_ = false, fresh_ = false;
  std::string tables_ = "main";
};

const bool registered =
    add_command<RunCommand>("run", "run an experiment: winnow run experiment=table1");

}  // namespace

std::string run_name(const std::vector<std::string>& overrides) {
  std::string experiment = "run", rest;
  for (const std::string& text : overrides) {
    if (text.starts_with("experiment=")) {
      experiment = text.substr(std::string("experiment=").size());
    } else if (!text.starts_with("run.") && !is_of_trackers(text)) {
      rest += "," + text;
    }
  }
  const bool plain = std::all_of(rest.begin(), rest.end(), [](unsigned char character) {
    return std::isalnum(character) != 0 ||
           std::string_view("=,.+-_~@").find(static_cast<char>(character)) !=
               std::string_view::npos;
  });
  constexpr std::size_t longest = 100;
  return experiment +
         (plain && rest.size() <= longest ? rest : "," + digest_of(rest).substr(0, 16));
}

}  // namespace winnow
