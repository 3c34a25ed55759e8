// `winnow merge`: descriptor shards of the GDO release become one table of metrics.

#include <ostream>
#include <string>
#include <vector>

#include "config/bind.h"
#include "config/component.h"
#include "config/overrides.h"
#include "config/print.h"
#include "config/read.h"
#include "core/errors.h"
#include "experiments/program/command.h"
#include "gdo_release/merge/merge.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

struct MergeCommandOptions {
  fs::path shards, output;
  gdo_release::MergeOptions merge;
};
BOOST_DESCRIBE_STRUCT(MergeCommandOptions, (), (shards, output, merge))
config::Help help(const MergeCommandOptions&) {
  return {{"shards", "folder of sixd_metrics_rank*.jsonl"},
          {"output", "folder for metrics.jsonl, centers.jsonl and report.json"},
          {"merge", "options of the merge step"}};
}

const bool registered = config::add_table<gdo_release::MergeOptions>(
    "merge", "the GDO release's merge step (winnow merge)");

// Binds shards=FOLDER output=FOLDER and options of the table merge (merge.cluster_k=64), writes
// metrics.jsonl, centers.jsonl and report.json into the output folder and prints the report.
int merge_command(const std::vector<std::string>& overrides, std::ostream& out) {
  config::Value table;
  for (const std::string& text : overrides) {
    const config::Override change = config::parse_override(text);
    if (change.action == config::Override::Action::erase) {
      throw ConfigError("command line: ~" + change.key + ": winnow merge has nothing to delete");
    }
    table.set(change.key, config::parse_value(change.value, change.key, {"command line", 0}));
  }
  const auto options = config::bind<MergeCommandOptions>(table, "");
  if (options.shards.empty() || options.output.empty()) {
    throw ConfigError("winnow merge needs both folders: winnow merge shards=FOLDER output=FOLDER");
  }
  const gdo_release::MergeReport report = gdo_release::merge(
      {options.shards, options.output / "metrics.jsonl", options.output / "report.json",
       options.output / "centers.jsonl", options.merge});
  out << report.json() << "\n";
  return 0;
}

class MergeCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.words("overrides", overrides_,
                    "shards=FOLDER output=FOLDER [merge.cluster_k=64 ...]");
    arguments.footer([] {
      return "Options:\n" + config::print_options(config::describe<MergeCommandOptions>());
    });
  }
  int run(std::ostream& out) override { return merge_command(overrides_, out); }

 private:
  std::vector<std::string> overrides_;
};

const bool command_registered =
    add_command<MergeCommand>("merge", "merge the GDO release's descriptor shards");

}  // namespace
}  // namespace winnow
