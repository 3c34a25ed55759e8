#include "experiments/program/select_command.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <memory>
#include <ostream>

#include "config/compose.h"
#include "config/overrides.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/output_folder.h"
#include "experiments/program/pool_selection.h"
#include "selectors/selector.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestLabel = 120;  // file systems allow 255 bytes

// What sets each run apart from the others, as a folder's name.
std::vector<std::string> labels_of(const std::vector<std::vector<std::string>>& runs) {
  std::map<std::string, std::size_t> uses;
  for (const auto& overrides : runs) {
    for (const std::string& text : overrides) ++uses[text];
  }
  std::vector<std::string> labels;
  for (const auto& overrides : runs) {
    std::string label;
    for (const std::string& text : overrides) {
      if (uses[text] == runs.size()) continue;
      const std::string goal = "goal=";
      label +=
          (label.empty() ? "" : ",") + (text.starts_with(goal) ? text.substr(goal.size()) : text);
    }
    std::replace(label.begin(), label.end(), '/', '_');
    if (label.size() > kLongestLabel) {
      label = label.substr(0, kLongestLabel) + "-" + digest_of(label).substr(0, 16);
    }
    labels.push_back(label.empty() || label.starts_with('.') ? "run" + label : label);
    if (std::count(labels.begin(), labels.end(), labels.back()) > 1) {
      throw ConfigError(fmt::format("the sweep names two runs '{}': each needs a folder of its own",
                                    labels.back()));
    }
  }
  return labels;
}

struct Run {
  config::Value config;
  std::string label;  // empty for a single run
  std::unique_ptr<PoolSelection> selection;
};

// All runs, checked as far as that goes without data.
std::vector<Run> runs_of(const SelectRequest& request) {
  const auto overrides = request.sweep ? config::expand_sweep(request.overrides)
                                       : std::vector<std::vector<std::string>>{request.overrides};
  const std::vector<std::string> labels = labels_of(overrides);
  std::vector<Run> runs;
  for (std::size_t i = 0; i < overrides.size(); ++i) {
    Run run;
    run.config = config::compose({request.directories, "select", overrides[i]});
    run.label = overrides.size() > 1 ? labels[i] : "";
    run.selection = std::make_unique<PoolSelection>(run.config, overrides[i]);
    const config::Value& output = run.config.at("output");
    if (!output.is_string() || output.string().empty()) {
      config::fail_value(output, "output", "expected a folder, as in output=FOLDER");
    }
    if (!runs.empty() && output.string() != runs.front().config.at("output").string()) {
      config::fail_value(output, "output", "the runs of a sweep share one folder");
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace

int select_command(const SelectRequest& request, std::ostream& out) {
  const std::vector<Run> runs = runs_of(request);
  if (request.prepare) request.prepare(runs.front().config);
  OutputFolder output(runs.front().config.at("output").string());
  const auto below = [](const fs::path& folder, const Run& run) {
    return run.label.empty() ? folder : folder / run.label;
  };

  std::vector<SelectTask> tasks;
  for (const Run& run : runs) {
    const fs::path folder = below(output.path(), run);
    winnow::create_directories(folder);
    write_file(folder / "config.toml", run.config.to_toml());
    tasks.push_back({run.selection.get(), folder, below(output.place(), run)});
  }
  const std::vector<SelectOutcome> outcomes = select_all(tasks, output, request.results);
  for (const Run& run : runs) output.sign(below(output.path(), run));
  output.commit();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const std::string& warning : outcomes[i].warnings) {
      spdlog::warn("{}{}{}", runs[i].label, runs[i].label.empty() ? "" : ": ", warning);
    }
    out << fmt::format("{}: {}\n", below(output.place(), runs[i]).string(), outcomes[i].summary);
  }
  return 0;
}

namespace {

class SelectCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    configs_.declare(arguments);
    results_.declare(arguments);
    arguments.footer([] {
      return overview_of_command({{"pool", pools().names()},
                                  {"selector", selectors().names()},
                                  {"export", exporters().names()}},
                                 config::describe<SelectOptions>());
    });
    arguments.flag("-m,--sweep", sweep_, "several at once, in one pass: -m goal=temp,diverse");
  }

  int run(std::ostream& out) override {
    return select_command(
        {configs_.overrides(), sweep_, configs_.folders(), apply_run_options, results_.folder()},
        out);
  }

 private:
  ConfigArguments configs_;
  ResultsArgument results_;
  bool sweep_ = false;
};

const bool registered = add_command<SelectCommand>(
    "select",
    "rows of your own pool: winnow select pool.files=[A.jsonl] columns=[SCORES] output=FOLDER ...");

}  // namespace
}  // namespace winnow
