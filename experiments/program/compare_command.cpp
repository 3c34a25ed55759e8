// `winnow compare`: the methods of several runs, pair by pair.

#include <ostream>

#include "config/read.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/table_format.h"
#include "experiments/runs/method_comparison.h"

namespace winnow {
namespace {

class CompareCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.words("runs", runs_,
                    "runs in the folder of results, or paths; the others have to fit the first");
    arguments.option("--against", settings_.against,
                     "method that differences are to; by default the reference");
    arguments.option("--methods", methods_,
                     "methods that take part, a,b,c; by default all but base and oracle");
    arguments.option("--confidence", settings_.confidence, "of the intervals", {0.5, 0.9999});
    arguments.option("--bootstrap-draws", settings_.bootstrap_draws, "draws of an interval",
                     {100, 1e6});
    arguments.option("--permutation-draws", settings_.permutation_draws,
                     "draws of a permutation test", {100, 1e8});
    format_.declare(arguments);
    results_.declare(arguments);
  }

  int run(std::ostream& out) override {
    format_.check();
    if (!methods_.empty()) settings_.methods = config::split_outside_brackets(methods_, ',');
    std::vector<Run> runs;
    for (const std::string& name : runs_) runs.push_back(find_run(results_.folder(), name));
    const ComparedMethods methods = compared_methods(runs);
    format_.print(pair_tables(methods, compare_methods(methods, settings_), settings_), out);
    return 0;
  }

 private:
  std::vector<std::string> runs_;
  std::string methods_;
  ComparisonSettings settings_;
  TableFormat format_;
  ResultsArgument results_;
};

const bool registered = add_command<CompareCommand>(
    "compare", "methods of several runs, pair by pair: differences, tests, costs");

}  // namespace
}  // namespace winnow
