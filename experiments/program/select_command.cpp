#include "experiments/program/select_command.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <memory>
#include <ostream>

#include "config/compose.h"
#include "config/overrides.h"
#include "config/read.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "experiments/comparison/selector_table.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/output_folder.h"
#include "experiments/program/table_selection.h"
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
  // One of both: a selector that reads files is asked first.
  std::unique_ptr<PoolSelector> of_files;
  std::unique_ptr<TableSelection> of_table;
};

// What is said on the command line to a selector that reads files, and that it does not read.
void check_is_read(const std::vector<std::string>& overrides, const std::string& selector) {
  for (const std::string& text : overrides) {
    const std::string key = text.substr(text.find_first_not_of("+~"));
    const std::string first = key.substr(0, key.find_first_of(".=@"));
    for (const char* name : {"columns", "id", "seed", "export", "maximum_missing_share", "decode",
                             "maximum_failed_share"}) {
      if (first != name) continue;
      throw ConfigError(fmt::format(
          "{}: selector={} reads the pool's files itself and writes its own rows; its options are "
          "selector.KEY (winnow list selector {})",
          text, selector, selector));
    }
  }
}

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
    check_selector_type(run.config.at("selector"), "selector");
    const config::Value selector = selector_table(run.config.at("selector"), ForeignOptions::any);
    if (names_pool_selector(selector)) {
      check_is_read(overrides[i], selector.at("type").string());
      run.of_files = pool_selectors().create(selector, "selector");
    } else {
      run.of_table = std::make_unique<TableSelection>(run.config, selector);
    }
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

bool is_selected_folder(const fs::path& folder) {
  if (!fs::exists(folder / "config.toml") || fs::exists(folder / "provenance.json")) return false;
  const config::Value config = config::read_toml(folder / "config.toml");
  const config::Value* selector = config.child("selector");
  return selector != nullptr && names_pool_selector(*selector);
}

std::string explain_selected(const fs::path& folder, const std::string& sample) {
  const config::Value config = config::read_toml(folder / "config.toml");
  return pool_selectors()
      .create(selector_table(config.at("selector"), ForeignOptions::any), "selector")
      ->explain(config.at("pool"), sample);
}

int select_command(const SelectRequest& request, std::ostream& out) {
  const std::vector<Run> runs = runs_of(request);
  if (request.prepare) request.prepare(runs.front().config);
  OutputFolder output(runs.front().config.at("output").string());
  const auto below = [](const fs::path& folder, const Run& run) {
    return run.label.empty() ? folder : folder / run.label;
  };

  // Those of files may share their reading where type and pool are the same.
  std::map<std::string, std::vector<std::size_t>> of_files;
  std::vector<std::size_t> of_tables;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Run& run = runs[i];
    const fs::path folder = below(output.path(), run);
    winnow::create_directories(folder);
    write_file(folder / "config.toml", run.config.to_toml());
    if (run.of_table) {
      of_tables.push_back(i);
    } else {
      of_files[run.config.at("selector.type").to_text() + run.config.at("pool").to_json()]
          .push_back(i);
    }
  }
  std::vector<PoolOutcome> outcomes(runs.size());
  const auto take = [&](const std::vector<std::size_t>& members, std::vector<PoolOutcome> found) {
    for (std::size_t i = 0; i < members.size(); ++i) outcomes[members[i]] = std::move(found[i]);
  };
  std::vector<TableTask> table_tasks;
  for (const std::size_t i : of_tables) {
    table_tasks.push_back(
        {runs[i].of_table.get(), below(output.path(), runs[i]), below(output.place(), runs[i])});
  }
  take(of_tables, select_from_tables(table_tasks, output, request.results));
  for (const auto& [key, members] : of_files) {
    std::vector<PoolTask> tasks;
    for (const std::size_t i : members) {
      tasks.push_back({runs[i].of_files.get(), below(output.path(), runs[i])});
    }
    const Run& first = runs[members.front()];
    take(members, first.of_files->select(first.config.at("pool"), tasks));
  }
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
      std::vector<std::string> all = selectors().names();
      for (std::string& name : pool_selectors().names()) all.push_back(std::move(name));
      return overview_of_command(
          {{"pool", pools().names()}, {"selector", all}, {"export", exporters().names()}},
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
