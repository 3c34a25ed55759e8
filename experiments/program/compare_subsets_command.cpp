// `winnow compare subsets`: two selections, sample by sample.

#include <fmt/format.h>

#include <ostream>

#include "core/errors.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/run_selections.h"
#include "experiments/program/table_format.h"
#include "experiments/runs/run_folder.h"
#include "experiments/runs/subset_comparison.h"
#include "selectors/manifest.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class CompareSubsetsCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.word("a", a_, "RUN:METHOD, RUN:METHOD:SEED, or the folder of a selection");
    arguments.word("b", b_, "another one; :METHOD is one of the same run");
    arguments.option("--persistence", settings_.persistence,
                     "of the rank-biased overlap: the nearer to 1, the deeper it looks",
                     {0.5, 0.9999});
    arguments.option("--samples", settings_.samples, "samples that are listed", {0, 1e6});
    arguments.option("--groups", settings_.groups, "sources and strata that are listed", {1, 1e6});
    format_.declare(arguments);
    results_.declare(arguments);
  }

  int run(std::ostream& out) override {
    format_.check();
    const std::string run = a_.substr(0, a_.find(':'));
    const std::string second = (b_.starts_with(":") ? run : "") + b_;
    NamedSelection a = selection_of(a_), b = selection_of(second);
    if (a.label == b.label) {  // one method in two runs
      a.label = a_;
      b.label = second;
    }
    format_.print(subset_tables(a, b, settings_), out);
    return 0;
  }

 private:
  NamedSelection selection_of(const std::string& text) const {
    std::error_code error;
    if (fs::exists(text, error) && !is_run_folder(text)) {
      return {text, fs::is_directory(text, error) ? find_selection(text) : fs::path(text)};
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) {
      throw ConfigError(
          fmt::format("'{}' is no selection; write RUN:METHOD or RUN:METHOD:SEED, or "
                      "name the folder of one",
                      text));
    }
    const std::size_t second = text.find(':', colon + 1);
    const std::string method = text.substr(colon + 1, second - colon - 1);
    const std::string seed = second == std::string::npos ? "" : text.substr(second + 1);
    const Run run = find_run(results_.folder(), text.substr(0, colon));
    std::vector<std::string> known;
    for (const RunSelection& one : selections_of(run.folder)) {
      if (one.method == method && (seed.empty() || std::to_string(one.seed) == seed)) {
        return {fmt::format("{}, seed {}", method, one.seed), one.manifest};
      }
      known.push_back(fmt::format("{}:{}", one.method, one.seed));
    }
    throw ConfigError(fmt::format("{} has no selection '{}'.{}", run.name, text.substr(colon + 1),
                                  suggestion(text.substr(colon + 1), known)));
  }

  std::string a_, b_;
  SubsetSettings settings_;
  TableFormat format_;
  ResultsArgument results_;
};

const bool registered = add_command<CompareSubsetsCommand>(
    "compare subsets", "two selections: overlap, what one took and the other did not");

}  // namespace
}  // namespace winnow
