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
#include "core/files.h"
#include "experiments/comparison/selector_table.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "selectors/selector.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

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
    labels.push_back(label.empty() || label.starts_with('.') ? "run" + label : label);
  }
  return labels;
}

// A folder may be replaced when all in it is from an earlier selection.
void check_replaceable(const fs::path& folder) {
  if (!fs::exists(folder)) return;
  if (!fs::is_directory(folder)) {
    throw ConfigError(fmt::format("output = {}: is a file; name a folder", folder.string()));
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) continue;
    const fs::path parent = entry.path().parent_path();
    if (fs::exists(parent / "config.toml") && fs::exists(parent / "report.json")) continue;
    throw ConfigError(fmt::format(
        "output = {}: holds {}, which is no selection's; name a folder that is not there yet",
        folder.string(), entry.path().string()));
  }
}

// The selector of that table; one of tables sees the pool as a table.
std::unique_ptr<PoolSelector> selector_of(const config::Value& table, const config::Value& pool) {
  const config::Value* type = table.child("type");
  if (type == nullptr || !type->is_string() || !contains(selectors().names(), type->string())) {
    return pool_selectors().create(table, "selector");
  }
  std::vector<std::string> known;
  for (const auto& [name, make] : table_selectors_on_pools()) known.push_back(name);
  return table_selectors_on_pools().at(config::detail::component_type(pool, "pool", "pool", known))(
      table);
}

struct Run {
  config::Value config;
  std::string label;  // empty for a single run
  std::unique_ptr<PoolSelector> selector;
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
    config::check_known_keys(run.config, {"pool", "selector", "output", "run"});
    run.label = overrides.size() > 1 ? labels[i] : "";
    run.selector = selector_of(selector_table(run.config.at("selector"), ForeignOptions::any),
                               run.config.at("pool"));
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

std::map<std::string, TableSelectorOnPool>& table_selectors_on_pools() {
  static std::map<std::string, TableSelectorOnPool> all;
  return all;
}

int select_command(const SelectRequest& request, std::ostream& out) {
  const std::vector<Run> runs = runs_of(request);
  if (request.prepare) request.prepare(runs.front().config);
  const fs::path output = fs::absolute(runs.front().config.at("output").string());
  check_replaceable(output);
  PendingDirectory pending(output.has_filename() ? output : output.parent_path());

  // Runs that may share their reading: one type of selector, one pool.
  std::map<std::string, std::vector<std::size_t>> groups;
  std::vector<PoolTask> tasks;
  for (const Run& run : runs) {
    const config::Value& pool = run.config.at("pool");
    groups[run.config.at("selector.type").to_text() + pool.to_json()].push_back(tasks.size());
    tasks.push_back({run.selector.get(), pending.path() / run.label});
    winnow::create_directories(tasks.back().folder);
    write_file(tasks.back().folder / "config.toml", run.config.to_toml());
  }
  std::vector<PoolOutcome> outcomes(runs.size());
  for (const auto& [key, members] : groups) {
    std::vector<PoolTask> shared;
    for (const std::size_t i : members) shared.push_back(tasks[i]);
    const Run& first = runs[members.front()];
    std::vector<PoolOutcome> found = first.selector->select(first.config.at("pool"), shared);
    for (std::size_t i = 0; i < members.size(); ++i) outcomes[members[i]] = std::move(found[i]);
  }
  pending.commit();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const std::string& warning : outcomes[i].warnings) {
      spdlog::warn("{}{}{}", runs[i].label, runs[i].label.empty() ? "" : ": ", warning);
    }
    const fs::path folder = runs[i].label.empty() ? output : output / runs[i].label;
    out << fmt::format("{}: {}\n", folder.string(), outcomes[i].summary);
  }
  return 0;
}

namespace {

class SelectCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    configs_.declare(arguments);
    arguments.flag("-m,--sweep", sweep_, "several at once, in one pass: -m goal=temp,diverse");
  }

  int run(std::ostream& out) override {
    return select_command({configs_.overrides(), sweep_, configs_.folders(), apply_run_options},
                          out);
  }

 private:
  ConfigArguments configs_;
  bool sweep_ = false;
};

const bool registered = add_command<SelectCommand>(
    "select", "rows of a pool's files: winnow select selector=gdo_release output=FOLDER ...");

}  // namespace
}  // namespace winnow
