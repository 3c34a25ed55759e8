#include "experiments/program/explain_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <vector>

#include "core/errors.h"
#include "core/printable.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/run_selections.h"
#include "experiments/stages/chosen_from_files.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

fs::path folder_of(const ExplainRequest& request) {
  for (const fs::path& folder : {request.results / request.run, fs::path(request.run)}) {
    std::error_code error;
    if (fs::is_directory(folder, error)) {
      const fs::path normal = fs::absolute(folder).lexically_normal();
      return normal.has_filename() ? normal : normal.parent_path();
    }
  }
  std::vector<std::string> runs;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(request.results, error)) {
    if (is_run_folder(entry.path())) runs.push_back(entry.path().filename().string());
  }
  std::sort(runs.begin(), runs.end());
  throw ConfigError(fmt::format("there is no run '{}' in {}.{}", request.run,
                                request.results.string(), suggestion(request.run, runs)));
}

}  // namespace

int explain_command(const ExplainRequest& request, std::ostream& out) {
  const fs::path folder = folder_of(request);
  if (!is_run_folder(folder)) {
    out << printable_lines(explain_sample(folder, request.sample));
    return 0;
  }
  const std::vector<RunSelection> all = selections_of(folder);
  std::vector<std::string> methods, seeds;
  std::set<std::string> shown;
  for (const RunSelection& chosen : all) {
    methods.push_back(chosen.method);
    if (!request.method.empty() && chosen.method != request.method) continue;
    seeds.push_back(std::to_string(chosen.seed));
    if (request.seed && chosen.seed != *request.seed) continue;
    if (!shown.insert(chosen.method).second) continue;
    out << fmt::format(
        "{}{}, seed {}: {}", shown.size() > 1 ? "\n" : "", printable(chosen.method), chosen.seed,
        printable_lines(explain_sample(chosen.manifest.parent_path(), request.sample)));
  }
  if (!shown.empty()) return 0;
  if (seeds.empty() && !request.method.empty()) {
    throw ConfigError(fmt::format("the run has no method '{}' that takes rows.{}", request.method,
                                  suggestion(request.method, methods)));
  }
  throw ConfigError(
      fmt::format("the run has no seed {}.{}", request.seed.value_or(0), suggestion("", seeds)));
}

namespace {

class ExplainCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.word("run", request_.run, "a run in the folder of results, or a path");
    arguments.word("sample", request_.sample, "id of the sample");
    arguments.option("--method", request_.method, "one method; by default all");
    arguments.option("--seed", request_.seed, "by default the first of each method");
    results_.declare(arguments);
  }

  int run(std::ostream& out) override {
    request_.results = results_.folder();
    return explain_command(request_, out);
  }

 private:
  ExplainRequest request_;
  ResultsArgument results_;
};

const bool registered =
    add_command<ExplainCommand>("explain", "why a run's selections took a sample, or did not");

}  // namespace
}  // namespace winnow
