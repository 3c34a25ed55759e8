// `winnow runs`: the runs below the folder of results.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <ctime>
#include <ostream>

#include "config/read.h"
#include "core/logging.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/table_format.h"
#include "experiments/runs/run_filter.h"
#include "experiments/runs/run_table.h"

namespace winnow {
namespace {

class RunsCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.optional_word("filter", filter_,
                            "which: 'goal=temp* and average>43'; a part of a name");
    arguments.option("--sort", sort_, "key to sort by; -KEY: the largest first");
    arguments.option("--columns", columns_, "further keys to show: budget,trainer.learning_rate");
    format_.declare(arguments);
    results_.declare(arguments);
    arguments.footer([] {
      return std::string(
          "Keys: name, experiment, state, host, commit, age (2d, 12h, 30min), cost (CPU seconds);\n"
          "of the method with the highest average: method, average, difference, spread, rows; of "
          "any\nmethod: temp_plus.average, ...; what was chosen (goal, scale); every key of a "
          "config.\nComparisons: = and != (with * and ?), <, <=, >, >=; and, or, not, ( ).\n");
    });
  }

  int run(std::ostream& out) override {
    format_.check();
    const RunFilter filter(filter_);
    const std::int64_t now = std::time(nullptr);
    std::vector<std::string> problems;
    std::vector<Run> all = list_runs(results_.folder(), problems);
    for (const std::string& problem : problems) spdlog::warn("{}", problem);
    filter.check_keys(all, now);
    const std::vector<std::string> further = columns_.empty()
                                                 ? std::vector<std::string>()
                                                 : config::split_outside_brackets(columns_, ',');
    for (const std::string& key : further) check_key(key, all, now);
    sort_runs(all, sort_, now);
    std::vector<Run> runs;
    for (Run& one : all) {
      if (filter.matches(one, now)) runs.push_back(std::move(one));
    }
    if (format_.is_json()) {
      out << boost::json::serialize(run_list(runs, now)) << "\n";
    } else if (runs.empty() && format_.is_terminal()) {
      out << (all.empty() ? "There are no runs in " + results_.folder().string() + ".\n"
                          : fmt::format("None of {} runs matches.\n", all.size()));
    } else {
      format_.print({run_table(runs, further, now, format_.is_csv())}, out);
    }
    return 0;
  }

 private:
  std::string filter_, columns_, sort_ = "age";
  TableFormat format_;
  ResultsArgument results_;
};

const bool registered =
    add_command<RunsCommand>("runs", "list the runs; show, diff, rm and gc follow it");

}  // namespace
}  // namespace winnow
