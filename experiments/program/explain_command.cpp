#include "experiments/program/explain_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ostream>
#include <set>
#include <vector>

#include "core/errors.h"
#include "core/files.h"
#include "core/printable.h"
#include "experiments/comparison/selection_from_files.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/select_command.h"
#include "selectors/explanation.h"
#include "selectors/manifest.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kProvenance = "provenance.json";

struct Chosen {
  std::string method;
  std::int64_t seed = 0;
  fs::path manifest;
};

// The selections that a run's provenance names. Theirs is a path below the folder of results, which
// is the parent of the run's folder.
std::vector<Chosen> selections_of(const fs::path& run) {
  const fs::path file = run / kProvenance;
  std::vector<Chosen> result;
  try {
    const json::value content = json::parse(read_file(file));
    for (const json::value& entry : content.at("runs").as_array()) {
      const json::object& object = entry.as_object();
      const json::value* selection = object.if_contains("selection");
      if (selection == nullptr) continue;  // the base takes no rows
      const std::string relative(selection->as_string());
      result.push_back({std::string(object.at("method").as_string()),
                        object.at("seed").to_number<std::int64_t>(),
                        fs::absolute(run).lexically_normal().parent_path() / relative});
    }
  } catch (const IoError&) {
    throw;
  } catch (const std::exception& error) {
    throw DataError(file.string() + ": not the provenance of a run: " + error.what());
  }
  return result;
}

// By the files of a run's selection.
std::string explain_manifest(const fs::path& manifest, const std::string& sample) {
  const fs::path folder = manifest.parent_path();
  return is_selection_from_files(folder) ? explain_selection_from_files(folder, sample)
                                         : explain_selection(manifest, sample);
}

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
    if (fs::exists(entry.path() / kProvenance)) runs.push_back(entry.path().filename().string());
  }
  std::sort(runs.begin(), runs.end());
  throw ConfigError(fmt::format("there is no run '{}' in {}.{}", request.run,
                                request.results.string(), suggestion(request.run, runs)));
}

}  // namespace

int explain_command(const ExplainRequest& request, std::ostream& out) {
  const fs::path folder = folder_of(request);
  if (!fs::exists(folder / kProvenance)) {
    out << printable_lines(is_selected_folder(folder)
                               ? explain_selected(folder, request.sample)
                               : explain_manifest(find_selection(folder), request.sample));
    return 0;
  }
  const std::vector<Chosen> all = selections_of(folder);
  std::vector<std::string> methods, seeds;
  std::set<std::string> shown;
  for (const Chosen& chosen : all) {
    methods.push_back(chosen.method);
    if (!request.method.empty() && chosen.method != request.method) continue;
    seeds.push_back(std::to_string(chosen.seed));
    if (request.seed && chosen.seed != *request.seed) continue;
    if (!shown.insert(chosen.method).second) continue;
    out << fmt::format("{}{}, seed {}: {}", shown.size() > 1 ? "\n" : "", printable(chosen.method),
                       chosen.seed,
                       printable_lines(explain_manifest(chosen.manifest, request.sample)));
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
